/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict numbers, sizes, quoting, and the nearest word. */
#include "base/text.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

/* Digits from *text on; moves *text behind them. */
static bool digits(const char **text, uint64_t max, uint64_t *ret)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned d = (unsigned)(*p - '0');

		if (d > max || n > (max - d) / 10)
			return false;
		n = n * 10 + d;
	}
	*text = p;
	*ret = n;
	return true;
}

bool text_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t n;

	if (!digits(&text, max, &n) || *text)
		return false;
	*ret = n;
	return true;
}

bool text_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMG";
	uint64_t n;
	int shift = 0;

	if (!digits(&text, UINT64_MAX, &n))
		return false;
	const char *unit = *text ? strchr(units, toupper((unsigned char)*text)) : NULL;
	if (unit) {
		shift = 10 * (int)(unit - units + 1);
		text++;
	}
	if (*text == 'B' || *text == 'b')
		text++;
	if (*text || n > UINT64_MAX >> shift)
		return false;
	*ret = n << shift;
	return true;
}

bool text_resolution(const char *text, uint64_t *width, uint64_t *height)
{
	uint64_t w, h;

	if (!digits(&text, UINT32_MAX, &w) || *text++ != 'x')
		return false;
	if (!digits(&text, UINT32_MAX, &h) || *text)
		return false;
	*width = w;
	*height = h;
	return true;
}

/* Bytes of the well-formed, printable UTF-8 character at `s`, 0 when there is none. */
static int printable_length(const unsigned char *s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int length = *s < 0x80   ? 1
		     : *s < 0xc2 ? 0
		     : *s < 0xe0 ? 2
		     : *s < 0xf0 ? 3
		     : *s < 0xf5 ? 4
				 : 0;
	uint32_t c;

	if (length == 1)
		return *s >= 0x20 && *s != 0x7f;
	c = *s & (0x7fU >> length);
	for (int i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* over-long, surrogate, C1 control, bidirectional or invisible mark, out of range */
	if (length == 0 || c < least[length] || (c >= 0xd800 && c <= 0xdfff) || c < 0xa0 ||
	    c == 0x61c || c == 0xfeff || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c > 0x10ffff)
		return 0;
	return length;
}

/* Bytes that stay as they are at `s`, 0 for one that is escaped. Most are plain ASCII. */
static int kept_length(const char *s, bool controls)
{
	if (*s >= 0x20 && *s < 0x7f)
		return 1;
	return controls && *s > 0 && *s < 0x20 ? 1 : printable_length((const unsigned char *)s);
}

static const char *escape(struct pool *pool, const char *text, bool controls)
{
	const char *bad = text;
	int length;

	while (*bad && (length = kept_length(bad, controls)))
		bad += length;
	if (!*bad)
		return text;

	char *out = pool_alloc(pool, strlen(text) * 4 + 1), *p = out;
	for (const char *s = text; *s; s += length) {
		length = kept_length(s, controls);
		if (length) {
			p = mempcpy(p, s, (size_t)length);
		} else {
			p += sprintf(p, "\\x%02x", (unsigned char)*s);
			length = 1;
		}
	}
	return out;
}

const char *text_printable(struct pool *pool, const char *text)
{
	return escape(pool, text, false);
}

const char *text_json(struct pool *pool, const char *text)
{
	return escape(pool, text, true);
}

/* `text` between two `around`, each character of `from` replaced by its string of `to`. */
static const char *replace(struct pool *pool, const char *text, const char *around,
			   const char *from, const char *const *to)
{
	size_t longest = 6;
	char *out = pool_alloc(pool, strlen(text) * longest + 3), *p = stpcpy(out, around);

	for (; *text; text++) {
		const char *found = strchr(from, *text);

		if (found)
			p = stpcpy(p, to[found - from]);
		else
			*p++ = *text;
	}
	stpcpy(p, around);
	return out;
}

const char *text_shell(struct pool *pool, const char *text)
{
	static const char *const to[] = {"'\\''"};

	return replace(pool, text, "'", "'", to);
}

const char *text_shell_word(struct pool *pool, const char *text)
{
	return *text && text_is_plain(text, "/_-.:+@%,") ? text : text_shell(pool, text);
}

const char *text_xml(struct pool *pool, const char *text)
{
	static const char *const to[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};

	return replace(pool, text_printable(pool, text), "", "&<>\"'", to);
}

bool text_has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

bool text_is_plain(const char *text, const char *others)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(others, *text))
			return false;
	return true;
}

char *text_lower(struct pool *pool, const char *text)
{
	char *lower = pool_strdup(pool, text);

	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return lower;
}

/* Levenshtein's distance; words over 63 bytes are never near. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], la = strlen(a), lb = strlen(b);

	if (la >= ARRAY_SIZE(row) || lb >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *text_nearest(const char *word, const char *const *words, size_t n)
{
	const char *nearest = NULL;
	size_t best = strlen(word) / 3 + 2;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, words[i]);

		if (d < best) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}

bool text_is_component(const char *text)
{
	return *text && !strchr(text, '/') && !streq(text, ".") && !streq(text, "..") &&
	       strlen(text) <= NAME_MAX;
}

void text_position(const char *text, size_t at, int *line, int *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at; i++) {
		(*column)++;
		if (text[i] == '\n') {
			(*line)++;
			*column = 1;
		}
	}
}
