/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talking to a running QEMU. */
#include "vm/qmp.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The answers that are asked for here are of some kilobytes. */
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define EVENTS_MAX     1024
#define RETRY_MS       10

/* The socket */

static int too_late(struct qmp *qmp, struct err *err)
{
	err_set(err, ERR_FAILED, "'%s' does not answer", qmp->socket);
	err->errnum = ETIMEDOUT;
	return -1;
}

static int wait_for(struct qmp *qmp, short events, long long deadline, struct err *err)
{
	struct pollfd fd = {.fd = qmp->fd, .events = events};

	for (;;) {
		long long left = deadline - file_now_ms();
		int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;

		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return err_errno(err, errno, "cannot wait for '%s'", qmp->socket);
		if (ready == 0)
			return too_late(qmp, err);
	}
}

static int connect_to(struct qmp *qmp, long long deadline, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(qmp->socket) >= sizeof(address.sun_path))
		return err_set(err, ERR_INVALID, "'%s' is too long for a socket's name",
			       qmp->socket);
	memcpy(address.sun_path, qmp->socket, strlen(qmp->socket));
	qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (qmp->fd < 0)
		return err_errno(err, errno, "cannot make a socket");
	/* EAGAIN: so many wait already that the peer takes no more */
	while (connect(qmp->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return err_errno(err, errno, "cannot connect to '%s'", qmp->socket);
		if (file_now_ms() >= deadline)
			return too_late(qmp, err);
		file_sleep_ms(RETRY_MS);
	}
	return 0;
}

static int send_all(struct qmp *qmp, const char *text, size_t length, long long deadline,
		    struct err *err)
{
	while (length) {
		ssize_t n = send(qmp->fd, text, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			if (wait_for(qmp, POLLOUT, deadline, err) < 0)
				return -1;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "cannot send to '%s'", qmp->socket);
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

static void make_room(struct qmp *qmp)
{
	if (qmp->n < qmp->room)
		return;
	char *more = pool_alloc(qmp->pool, qmp->room = qmp->room ? 2 * qmp->room : 4096);

	if (qmp->n)
		memcpy(more, qmp->buffer, qmp->n);
	qmp->buffer = more;
}

/* The time is looked at first: a peer that always has something to say is none that answers. */
static int receive(struct qmp *qmp, long long deadline, struct err *err)
{
	while (file_now_ms() < deadline) {
		make_room(qmp);
		ssize_t n = recv(qmp->fd, qmp->buffer + qmp->n, qmp->room - qmp->n, 0);

		if (n > 0) {
			qmp->n += (size_t)n;
			return 0;
		}
		if (n == 0)
			return err_set(err, ERR_FAILED, "'%s' has closed the connection",
				       qmp->socket);
		if (errno != EAGAIN && errno != EINTR)
			return err_errno(err, errno, "cannot receive from '%s'", qmp->socket);
		if (wait_for(qmp, POLLIN, deadline, err) < 0)
			return -1;
	}
	return too_late(qmp, err);
}

/* Messages */

static int no_qmp(struct qmp *qmp, const char *line, struct err *err)
{
	return err_set(err, ERR_FAILED, "'%s' speaks no QMP: '%.60s'%s", qmp->socket, line,
		       strlen(line) > 60 ? " ..." : "");
}

/* The next line, as an object. */
static int read_message(struct qmp *qmp, long long deadline, json_t **ret, struct err *err)
{
	size_t seen = 0;
	char *end;

	while (!(end = qmp->n ? memchr(qmp->buffer + seen, '\n', qmp->n - seen) : NULL)) {
		seen = qmp->n;
		if (seen >= LINE_MAX_BYTES)
			return err_set(err, ERR_FAILED, "'%s' sends a line of more than %zu bytes",
				       qmp->socket, LINE_MAX_BYTES);
		if (receive(qmp, deadline, err) < 0)
			return -1;
	}
	size_t length = (size_t)(end - qmp->buffer);
	json_t *message = json_loadb(qmp->buffer, length, 0, NULL);
	*end = '\0';
	if (!json_is_object(message)) {
		json_decref(message);
		return no_qmp(qmp, qmp->buffer, err);
	}
	qmp->n -= length + 1;
	memmove(qmp->buffer, end + 1, qmp->n);
	*ret = message;
	return 0;
}

/*
 * Keeps what somebody may wait for: which device, and whether it is deleted. Of all others there
 * can be very many.
 */
static bool take_event(struct qmp *qmp, json_t *message)
{
	const char *event = json_string_value(json_object_get(message, "event"));
	const char *path =
		json_string_value(json_object_get(json_object_get(message, "data"), "path"));
	bool deleted = event && streq(event, "DEVICE_DELETED");

	if (event && path && (deleted || streq(event, "DEVICE_UNPLUG_GUEST_ERROR")) &&
	    strlen(path) < PATH_MAX && json_array_size(qmp->events) < EVENTS_MAX)
		json_array_append_new(qmp->events,
				      json_pack("{s:s, s:b}", "path", path, "deleted", deleted));
	return event;
}

static int refuse(struct qmp *qmp, json_t *error, struct err *err)
{
	const char *why = json_string_value(json_object_get(error, "desc"));
	const char *class = json_string_value(json_object_get(error, "class"));

	qmp->refused = true;
	qmp->no_device = class && streq(class, "DeviceNotFound");
	return err_set(err, ERR_FAILED, "%s", why ? why : "it gives no reason");
}

/* 1 with the answer to the last command, 0 for anything else, -1 with *err. */
static int take_answer(struct qmp *qmp, json_t *message, json_t **ret, struct err *err)
{
	json_t *id = json_object_get(message, "id");
	json_t *result = json_object_get(message, "return");
	json_t *error = json_object_get(message, "error");

	if (take_event(qmp, message))
		return 0;
	if (!result && !error) {
		autofree char *text = json_dumps(message, JSON_COMPACT);

		return no_qmp(qmp, text ? text : "", err);
	}
	/* what cannot be parsed is answered without one */
	if (id && json_integer_value(id) != qmp->last_id)
		return 0;
	if (error)
		return refuse(qmp, error, err);
	if (ret)
		*ret = json_incref(result);
	return 1;
}

int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments, json_t **ret,
		struct err *err)
{
	long long deadline = file_now_ms() + qmp->time_ms;
	json_t *message = json_pack("{s:s, s:i}", "execute", command, "id", (int)++qmp->last_id);
	int result = 0;

	if (arguments)
		json_object_set_new(message, "arguments", arguments);
	autofree char *text = json_dumps(message, JSON_COMPACT | JSON_ENSURE_ASCII);
	autofree char *line = NULL;
	json_decref(message);
	qmp->refused = qmp->no_device = false;
	if (!text || asprintf(&line, "%s\n", text) < 0)
		return err_set(err, ERR_INVALID, "'%s' cannot be said in JSON", command);
	if (send_all(qmp, line, strlen(line), deadline, err) < 0)
		return -1;
	while (result == 0) {
		if (read_message(qmp, deadline, &message, err) < 0)
			return -1;
		result = take_answer(qmp, message, ret, err);
		json_decref(message);
	}
	return result < 0 ? -1 : 0;
}

/* 1, 0, or -1 when none of the events is about it. */
static int find_event(struct qmp *qmp, const char *path)
{
	size_t i;
	json_t *event;

	json_array_foreach (qmp->events, i, event) {
		if (streq(json_string_value(json_object_get(event, "path")), path)) {
			bool deleted = json_is_true(json_object_get(event, "deleted"));

			json_array_remove(qmp->events, i);
			return deleted;
		}
	}
	return -1;
}

int qmp_wait_unplugged(struct qmp *qmp, const char *path, long long deadline, struct err *err)
{
	json_t *message = NULL;
	int found;

	while ((found = find_event(qmp, path)) < 0) {
		if (read_message(qmp, deadline, &message, err) < 0)
			return -1;
		take_event(qmp, message);
		json_decref(message);
	}
	return found;
}

/* Opening */

static int negotiate(struct qmp *qmp, long long deadline, struct err *err)
{
	json_t *greeting = NULL;

	if (connect_to(qmp, deadline, err) < 0 || read_message(qmp, deadline, &greeting, err) < 0) {
		if (err->kind == ERR_NOT_FOUND || err->errnum == ECONNREFUSED)
			err_hint(err, "QEMU makes it when it is started with "
				      "-qmp unix:SOCKET,server=on,wait=off");
		else if (err->errnum == ETIMEDOUT)
			err_hint(err, "QEMU serves one client of a socket at a time: is another "
				      "one connected?");
		return -1;
	}
	bool is_qmp = json_object_get(greeting, "QMP");
	json_decref(greeting);
	if (!is_qmp)
		return err_set(err, ERR_FAILED, "'%s' speaks no QMP: it greets otherwise",
			       qmp->socket);
	return qmp_execute(qmp, "qmp_capabilities", NULL, NULL, err);
}

int qmp_open(struct qmp *qmp, const char *socket, int time_ms, struct pool *pool, struct err *err)
{
	long long deadline = file_now_ms() + time_ms;

	*qmp = (struct qmp){.fd = -1,
			    .socket = socket,
			    .time_ms = time_ms,
			    .pool = pool,
			    .events = json_array()};
	return negotiate(qmp, deadline, err);
}

void qmp_close(struct qmp *qmp)
{
	json_decref(qmp->events);
	qmp->events = NULL;
	cleanup_close(&qmp->fd);
	qmp->fd = -1;
}
