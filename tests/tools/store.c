/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store FILE TEXT [FILE TEXT…]: one write(2) of each TEXT, and what it answered. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* \n and \0 stand for what a shell cannot pass; everything else is itself. */
static size_t unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && (from[1] == 'n' || from[1] == '0'))
			*to++ = *++from == 'n' ? '\n' : '\0';
		else
			*to++ = *from;
	}
	return (size_t)(to - text);
}

/* Prints "ok COUNT", the errno's name, or that name after "open:". */
static int store(const char *file, char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0) {
		printf("open:%s\n", strerrorname_np(errno));
		return 1;
	}
	count = write(fd, text, unescape(text));
	if (count < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("ok %zd\n", count);
	close(fd);
	return count < 0;
}

int main(int argc, char *argv[])
{
	int status = 0;

	if (argc < 3 || argc % 2 == 0) {
		fprintf(stderr, "usage: store FILE TEXT [FILE TEXT…]\n");
		return 2;
	}
	for (int i = 1; i < argc; i += 2) {
		status |= store(argv[i], argv[i + 1]);
		fflush(stdout);
	}
	return status;
}
