/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU that is none: it speaks QMP on a socket, as far as "mdevtool attach" and "detach" need it,
 * and does what no QEMU should.
 *
 *   qmp-peer SOCKET [OPTION...]
 *     --port NAME            it has a PCIe root port of that name
 *     --device ID=SYSFSDEV   it has a VFIO device; without an ID one that was given none
 *     --unplug HOW           how its guest lets go of devices: now (the default), never, refuse,
 *                            or sooner, just before it is asked
 *     --machine DIR          its devices are those of a simulated machine, and it holds them there;
 *                            in the environment MDEVSIM, the simulator
 *     --fault COMMAND[#N]=WHAT[:ARG]
 *                            at the Nth (every) COMMAND, or "greeting", or without a COMMAND at the
 *                            Nth of all, it is
 *       silent, slow:MS, garbage, half (closes in the middle of its reply), close:MS,
 *       big:BYTES (a line of so many), error:TEXT, events:N (so many before its reply),
 *       flood (events, and no end of them), die (and all that it had is let go),
 *       run:PROGRAM (before it does what it is told),
 *       reply:JSON (the whole message; @ stands for the command's id)
 *
 * What it is told is printed, a line each, after "ready", and when a client comes ("serves") and
 * goes ("served"). It serves one client after the other
 * until it is killed, or a minute has passed.
 */
#include "base/macros.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define THINGS_MAX 64
#define LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

struct thing {
	bool is_port;
	char *id, *sysfsdev, *bus;
	size_t number;  /* its name when it has no id */
	bool asked_for; /* its guest is to let go of it */
};

static struct thing things[THINGS_MAX];
static size_t n_things;
static const char *unplug = "now", *machine, *faults[THINGS_MAX];
static size_t n_faults;
static unsigned told[THINGS_MAX]; /* how often each fault's command came */
static FILE *client;              /* what it is told; what it tells is read from another stream */

static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void send_json(json_t *message)
{
	json_dumpf(message, client, JSON_COMPACT);
	fputs("\r\n", client);
	fflush(client);
	json_decref(message);
}

/* Whether the client is still told of what happens. */
static bool hears;

static void send_event(const char *event, const char *id, const char *path)
{
	if (!hears)
		return;
	json_t *data = json_pack("{s:s}", "path", path);

	if (*id)
		json_object_set_new(data, "device", json_string(id));
	send_json(json_pack("{s:s, s:o, s:{s:i, s:i}}", "event", event, "data", data, "timestamp",
			    "seconds", 1, "microseconds", 2));
}

/* The machine */

/* Whether it succeeded; without a verb it is told nothing. */
static bool run(const char *program, const char *verb, const char *name)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execl(program, program, verb, machine, name, (char *)NULL);
		_exit(127);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

/* False when it does not have the device. */
static bool tell_machine(const char *verb, const struct thing *thing)
{
	const char *simulator = getenv("MDEVSIM"), *name = strrchr(thing->sysfsdev, '/');

	if (!machine || !simulator || !name)
		return !machine;
	return run(simulator, verb, name + 1);
}

/* As the kernel does it for a process that ends. */
static _Noreturn void die(void)
{
	for (size_t i = 0; i < n_things; i++)
		if (!things[i].is_port)
			tell_machine("release", &things[i]);
	exit(1);
}

/* Faults */

/* What is to happen at this command; "" for nothing. */
static const char *fault_at(const char *command)
{
	const char *what = "";

	for (size_t i = 0; i < n_faults; i++) {
		size_t length = strcspn(faults[i], "#=");
		const char *behind = faults[i] + length;

		if (length &&
		    (strlen(command) != length || strncmp(faults[i], command, length) != 0))
			continue;
		told[i]++;
		if (*behind == '=' || strtoul(behind + 1, NULL, 10) == told[i])
			what = strchr(behind, '=') + 1;
	}
	return what;
}

static void send_text(const char *text, const char *id)
{
	for (; *text; text++)
		if (*text == '@')
			fputs(id, client);
		else
			fputc(*text, client);
	fputs("\n", client);
	fflush(client);
}

static void send_big(unsigned long bytes)
{
	fputs("{\"return\": \"", client);
	for (unsigned long i = 0; i < bytes; i++)
		fputc('x', client);
	fputs("\"}\n", client);
	fflush(client);
}

static void send_half(json_t *reply)
{
	autofree char *text = json_dumps(reply, JSON_COMPACT);

	fwrite(text, 1, strlen(text) / 2, client);
	fflush(client);
	json_decref(reply);
}

/* Lists of many small things, which take longer to read than to send. */
static void send_flood(void)
{
	static char line[1 << 16] = "{\"event\": \"RTC_CHANGE\", \"data\": [";
	static const char item[] = "[],", end[] = "[]]}\n";
	size_t n = strlen(line);

	for (; n + sizeof(item) + sizeof(end) < sizeof(line); n += strlen(item))
		memcpy(line + n, item, sizeof(item));
	memcpy(line + n, end, sizeof(end));
	while (write(fileno(client), line, strlen(line)) > 0)
		;
}

enum outcome { GO_ON, HANG_UP };

/* Answers, or does what it should not. */
static enum outcome answer(const char *fault, json_t *reply, const char *id)
{
	const char *colon = strchr(fault, ':');
	size_t length = colon ? (size_t)(colon - fault) : strlen(fault);
	unsigned long number = colon ? strtoul(colon + 1, NULL, 10) : 0;
	bool answers = true;

	if (streq(fault, "die"))
		die();
#define IS(word) (length == strlen(word) && strncmp(fault, word, length) == 0)
	if (IS("slow") || IS("close"))
		usleep((useconds_t)number * 1000);
	for (unsigned long i = 0; IS("events") && i < number; i++)
		send_event("RTC_CHANGE", "", "/machine/unattached/device[1]");
	if (IS("garbage"))
		send_text("}{ \x1b[31m this is no JSON", id);
	else if (IS("reply"))
		send_text(colon + 1, id);
	else if (IS("big"))
		send_big(number);
	else if (IS("flood"))
		send_flood();
	else if (IS("half"))
		send_half(json_incref(reply));
	else
		answers = !IS("silent") && !IS("close");
	if (answers && (IS("") || IS("slow") || IS("events") || IS("error") || IS("run")))
		send_json(json_incref(reply));
	enum outcome outcome = IS("half") || IS("close") ? HANG_UP : GO_ON;
#undef IS
	json_decref(reply);
	return outcome;
}

/* The object model */

static const char *path_of(const struct thing *thing)
{
	static char path[256];

	if (*thing->id)
		snprintf(path, sizeof(path), "/machine/peripheral/%s", thing->id);
	else
		snprintf(path, sizeof(path), "/machine/peripheral-anon/device[%zu]", thing->number);
	return path;
}

static struct thing *find(const char *id_or_path)
{
	for (size_t i = 0; i < n_things; i++)
		if (streq(id_or_path, path_of(&things[i])) || streq(id_or_path, things[i].id))
			return &things[i];
	return NULL;
}

static void add_entry(json_t *list, const char *name, const char *type)
{
	json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "type", type));
}

static json_t *list_things(const char *place)
{
	json_t *list = json_array();

	add_entry(list, "type", "string");
	for (size_t i = 0; i < n_things; i++) {
		const char *path = path_of(&things[i]);

		if (strncmp(path, place, strlen(place)) == 0 && path[strlen(place)] == '/')
			add_entry(list, path + strlen(place) + 1,
				  things[i].is_port ? "child<pcie-root-port>" : "child<vfio-pci>");
	}
	return list;
}

static json_t *list_bus(const char *bus)
{
	json_t *list = json_array();

	add_entry(list, "hotplug-handler", "link<hotplug-handler>");
	for (size_t i = 0; i < n_things; i++)
		if (things[i].bus && streq(things[i].bus, bus))
			add_entry(list, "child[0]", "link<vfio-pci>");
	return list;
}

static json_t *list_port(const char *bus)
{
	json_t *list = json_array();

	add_entry(list, "hotplug", "bool");
	add_entry(list, bus, "child<PCIE>");
	return list;
}

static json_t *qom_list(const char *path)
{
	const struct thing *thing = find(path);
	const char *last = strrchr(path, '/');

	if (thing)
		return list_port(thing->id);
	if (streq(path, "/machine/peripheral") || streq(path, "/machine/peripheral-anon"))
		return list_things(path);
	return last && (thing = find(last + 1)) && thing->is_port ? list_bus(thing->id) : NULL;
}

static json_t *qom_get(const struct thing *thing, const char *property)
{
	if (thing && thing->is_port && streq(property, "hotplug"))
		return json_true();
	return thing && streq(property, "sysfsdev") ? json_string(thing->sysfsdev) : NULL;
}

/* Commands: what is returned, or NULL with *why */

static json_t *device_add(json_t *arguments, const char **why)
{
	const char *id = text_of(arguments, "id");

	*why = find(id) ? "Duplicate device ID" : "Parameter 'id' expects an identifier";
	if (find(id) || id[strspn(id, LETTERS "0123456789-._")])
		return NULL;
	things[n_things] = (struct thing){
		.id = strdup(id),
		.sysfsdev = strdup(text_of(arguments, "sysfsdev")),
		.bus = strdup(text_of(arguments, "bus")),
	};
	*why = "no such host device";
	if (!tell_machine("hold", &things[n_things]))
		return NULL;
	n_things++;
	return json_object();
}

static void lets_go(struct thing *thing)
{
	tell_machine("release", thing);
	send_event("DEVICE_DELETED", thing->id, path_of(thing));
	*thing = things[--n_things];
}

static const char not_found[] = "Device not found";

static json_t *device_del(struct thing *thing, const char **why)
{
	*why = !thing ? not_found : "Device is already in the process of unplug";
	if (!thing || thing->asked_for)
		return NULL;
	if (streq(unplug, "sooner")) {
		lets_go(thing);
		*why = not_found;
		return NULL;
	}
	thing->asked_for = true;
	return json_object();
}

static json_t *execute(const char *command, json_t *arguments, const char **why)
{
	*why = "that is unknown here";
	if (streq(command, "qom-list"))
		return qom_list(text_of(arguments, "path"));
	if (streq(command, "qom-get"))
		return qom_get(find(text_of(arguments, "path")), text_of(arguments, "property"));
	if (streq(command, "device_add"))
		return device_add(arguments, why);
	if (streq(command, "device_del"))
		return device_del(find(text_of(arguments, "id")), why);
	return streq(command, "qmp_capabilities") ? json_object() : NULL;
}

/* The guest, which is asked for some devices by now. */
static void let_go(void)
{
	for (size_t i = 0; i < n_things; i++) {
		if (!things[i].asked_for || streq(unplug, "never"))
			continue;
		things[i].asked_for = false;
		if (streq(unplug, "refuse")) {
			send_event("DEVICE_UNPLUG_GUEST_ERROR", things[i].id, path_of(&things[i]));
			continue;
		}
		lets_go(&things[i]);
		i--;
	}
}

static enum outcome take(json_t *message)
{
	const char *command = text_of(message, "execute"), *fault = fault_at(command), *why = "";
	autofree char *id = json_dumps(json_object_get(message, "id"), JSON_ENCODE_ANY);
	json_t *result = NULL, *reply;

	if (strncmp(fault, "run:", 4) == 0)
		run(fault + 4, NULL, NULL);
	if (strncmp(fault, "error:", 6) == 0)
		why = fault + 6;
	else
		result = execute(command, json_object_get(message, "arguments"), &why);
	reply = result ? json_pack("{s:o}", "return", result)
		       : json_pack("{s:{s:s, s:s}}", "error", "class",
				   why == not_found ? "DeviceNotFound" : "GenericError", "desc",
				   why);
	json_object_set(reply, "id", json_object_get(message, "id"));
	enum outcome outcome = answer(fault, reply, id);
	hears = outcome == GO_ON;
	let_go();
	return outcome;
}

static void serve(FILE *from)
{
	const char *fault = fault_at("greeting");
	json_t *greeting = json_pack("{s:{s:{}, s:[]}}", "QMP", "version", "capabilities");
	hears = true;
	enum outcome outcome = answer(fault, greeting, "0");
	autofree char *line = NULL;
	size_t room = 0;

	while (outcome == GO_ON && getline(&line, &room, from) > 0) {
		json_t *message = json_loads(line, 0, NULL);

		line[strcspn(line, "\n")] = '\0'; /* a sender may have ended before it */
		say(line);
		outcome = take(message);
		json_decref(message);
	}
}

static void take_option(const char *option, char *value)
{
	if (streq(option, "--port"))
		things[n_things++] = (struct thing){.is_port = true, .id = value};
	else if (streq(option, "--device"))
		things[n_things++] =
			(struct thing){.id = value, .sysfsdev = strchr(value, '=') + 1};
	else if (streq(option, "--unplug"))
		unplug = value;
	else if (streq(option, "--machine"))
		machine = value;
	else
		faults[n_faults++] = value;
	if (streq(option, "--device")) {
		*strchr(value, '=') = '\0';
		things[n_things - 1].number = n_things - 1;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc < 2)
		return 2;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	for (int i = 2; i + 1 < argc; i += 2)
		take_option(argv[i], argv[i + 1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1) < 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	say("ready");
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		FILE *from = fdopen(fd, "r");

		client = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "w");
		say("serves");
		serve(from);
		fclose(client);
		fclose(from);
		say("served");
	}
}
