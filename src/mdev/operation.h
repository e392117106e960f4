/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changes the machine, a file each: place, recover, forget, create, destroy, define, adopt,
 * start. Each locks, mends what an interrupted run left, plans, writes the journal, runs, verifies
 * and records.
 */
#pragma once

#include "mdev/callout.h"
#include "mdev/definition.h"
#include "mdev/inventory.h"
#include "mdev/lock.h"
#include "mdev/store.h"

/* What an operation has to tell beside its result; not an error. */
struct notes {
	const char **list;
	size_t n;
};

struct operation {
	const struct root *root;
	struct pool *pool; /* results and notes live here */
	FILE *trace;       /* each step is printed here before it runs; NULL for silence */
	/* before the first device, with 0, and after each; NULL for nobody */
	void (*progress)(size_t done, size_t total);
	/* Is given what call-outs have to say, as it comes; NULL for silence. */
	void (*say)(const char *line);
	bool force;  /* call-outs that refuse are passed over */
	bool mended; /* what interrupted runs left on any parent, once for all that it creates */
	struct notes notes;
	struct notes warnings; /* what the user asked for and did not get */
};
void operation_note(struct operation *operation, const char *format, ...) PRINTF(2, 3);
void operation_warn(struct operation *operation, const char *format, ...) PRINTF(2, 3);

/* Where a device goes when its definition does not say. */
enum placement {
	PLACEMENT_PACK,   /* the smallest room above 0 */
	PLACEMENT_SPREAD, /* the largest */
	PLACEMENT_NUMA,   /* the smallest on the given node */
};

struct creations;
struct create_options {
	enum placement placement;
	int64_t numa_node;
	bool group_auto; /* the whole set gets the lowest free group */
	bool defined;    /* they are kept definitions, whose names and groups are their own */
	bool dry_run;
	/* Whether they can be used, asked between deciding and the first write; NULL for yes. */
	int (*check)(void *data, const struct creations *creations, struct err *err);
	/*
	 * Puts the devices to use before they count as made: when it fails they are removed again,
	 * as they are by the next run when this one is killed meanwhile. NULL for nobody.
	 */
	int (*use)(void *data, const struct creations *creations, struct err *err);
	void *data;
};

/* One device of a creation: what was asked, what was decided, and what came of it. */
struct creation {
	const struct definition *definition;
	struct request request;
	struct plan plan;
	struct record record;
	struct callout callout;
	bool made;
	bool params_ignored;
	size_t n_candidates; /* parents that could have been chosen; 0 when it was named */
};

struct creations {
	struct inventory inventory; /* owns what the creations point to */
	struct creation *list;
	size_t n;
	bool defined; /* they are kept definitions */
};
void creations_free(struct creations *creations);
#define autocreations __attribute__((cleanup(creations_free)))

/*
 * Makes all the devices or none. With dry_run nothing is written and the plans are the answer.
 * ERR_NOT_FOUND for an unknown parent or type, ERR_EXISTS for a UUID or name in use, ERR_NO_ROOM,
 * ERR_BUSY, ERR_DENIED, ERR_INVALID (an attribute that is not there), or what the driver said.
 */
int operation_create(struct operation *operation, const struct definitions *definitions,
		     const struct create_options *options, struct creations *ret, struct err *err);

/*
 * Chooses parents for all the definitions as a whole, writing nothing: fills in `definition`,
 * request.type, n_candidates. Rooms are those of creations->inventory.
 */
int operation_place(struct creations *creations, const struct definitions *definitions,
		    const struct create_options *options, struct err *err);

/* Refuses a type that the parent (NULL: any) does not offer: ERR_NOT_FOUND, with the nearest. */
int refuse_type(struct inventory *inventory, const struct parent *parent, const char *type,
		struct err *err);

/* Definitions, as they are kept after an operation. */
struct kept {
	struct inventory inventory; /* owns what the list points to */
	struct stored **list;
	size_t n;
};
void kept_free(struct kept *kept);
#define autokept __attribute__((cleanup(kept_free)))

struct define_options {
	struct create_options create; /* how a parent is chosen where none is named */
	bool loose; /* as mdevctl: any type, and a UUID may be defined once on each parent */
};

/*
 * Keeps all the definitions or none. ERR_EXISTS for a UUID or name that is taken, ERR_NOT_FOUND for
 * a type that the parent does not offer; a parent that is not there is none's business yet.
 */
int operation_define(struct operation *operation, const struct definitions *definitions,
		     const struct define_options *options, struct kept *ret, struct err *err);

/*
 * Describes a device that exists as a definition: what it was made with, its files' present values
 * where they can be read. What nobody tells is left out, with a note.
 */
int operation_adopt(struct operation *operation, const char *given, struct definition *ret,
		    struct err *err);

/* Changes a definition before it is kept anew; the texts it sets live in `pool`. */
typedef int definition_change(void *data, struct pool *pool, struct definition *definition,
			      struct err *err);
struct modify_options {
	const char *parent; /* NULL for any */
	bool group_auto;    /* they get the lowest group that nobody has */
	bool loose;         /* as mdevctl: any type */
};
/* Changes what store_find() finds, all of it or nothing. */
int operation_modify(struct operation *operation, const char *const *given, size_t n,
		     const struct modify_options *options, definition_change *change, void *data,
		     struct kept *ret, struct err *err);
/* Forgets the definitions, all or none; the devices stay. */
int operation_undefine(struct operation *operation, const char *const *given, size_t n,
		       const char *parent, struct kept *ret, struct err *err);

struct start_options {
	const char *const *given; /* as store_find() takes them */
	size_t n;
	const char *parent; /* NULL for any */
	bool automatic;     /* all that start by themselves, each on its own */
	int wait_ms;        /* how long a parent or type that is not there yet is waited for */
	bool dry_run;
};
enum start_result {
	START_FAILED,
	START_DONE,
	START_ALREADY, /* active already, on the same parent with the same type */
	START_LATER,   /* its parent is not there */
};
struct starting {
	const struct stored *stored;
	enum start_result result;
	const char *failure; /* of START_FAILED and START_LATER */
	const char **lines;  /* with dry_run: what would be stored, as shell */
	size_t n_lines;
};
struct startings {
	struct inventory inventory; /* owns what follows */
	struct starting *list;
	size_t n;
};
void startings_free(struct startings *startings);
#define autostartings __attribute__((cleanup(startings_free)))

/*
 * Makes devices of definitions: those named as a set, all or none; with `automatic` each on its
 * own, so that one that fails stops no other, and *err is the first one's failure.
 */
int operation_start(struct operation *operation, const struct start_options *options,
		    struct startings *ret, struct err *err);

struct destroy_options {
	int wait_ms;  /* -1: none for a known holder, 5 seconds otherwise */
	bool foreign; /* also what others made where an address is all that tells it apart */
	bool dry_run;
};
struct destruction {
	struct device *device;
	struct plan plan;
	bool gone;
};
struct destructions {
	struct inventory inventory;
	struct destruction *list;
	size_t n;
};
void destructions_free(struct destructions *destructions);
#define autodestructions __attribute__((cleanup(destructions_free)))

/*
 * Removes the devices whose UUIDs (or addresses, where they have none) are given; one that is gone
 * already is no error. Those that somebody holds are refused before anything is written: ERR_BUSY,
 * naming the holder.
 */
int operation_destroy(struct operation *operation, const char *const *uuids, size_t n,
		      const struct destroy_options *options, struct destructions *ret,
		      struct err *err);

/* Refuses a device that somebody holds, or seems to: ERR_BUSY, naming PID and command. */
int refuse_held(const struct root *root, const struct device *device, const char *verb,
		struct err *err);
/*
 * Removes one device: plan, run, verify, forget its record. Call-outs are told when it
 * `was_started`, which one is not whose creation failed.
 */
int remove_device(struct operation *operation, const struct device *device, bool was_started,
		  int wait_ms, struct err *err);
/*
 * After the lock of a parent, or of the names, could not be looked at because of `failure`: -1 with
 * that in *err, or 0 with a warning in a dry run that lacks the rights, which goes on.
 */
int operation_cannot_tell(struct operation *operation, const char *what, bool dry_run,
			  struct err *failure, struct err *err);
/* What call-outs are told of an action on a device. */
struct callout operation_callout(struct operation *operation, enum callout_action action,
				 const struct stored *stored);

/*
 * Mends what interrupted runs left on the parents whose locks are held (all of them when `all`,
 * taking each lock that is free). What was done is told in notes, one line each; with dry_run,
 * what would be done.
 */
int operation_recover(struct operation *operation, struct locks *locks, bool all, bool dry_run,
		      struct err *err);
/*
 * Removes the records of devices that others removed, each under the lock of its parent where that
 * is free; what the journal is about stays. And what was kept of definitions that others forgot;
 * types that may not be listed later are remembered. Tells as operation_recover() does.
 */
int operation_forget(struct operation *operation, bool dry_run, struct err *err);
/*
 * Mends what a killed run left of the definitions that it was changing: of a set that was to be
 * defined nothing stays, one that was being modified or undefined is as it was. The caller holds
 * the lock of the names. Tells as operation_recover() does.
 */
int operation_mend_definitions(struct operation *operation, bool dry_run, struct err *err);
/* For commands that only read: notes what the next writing command will mend. */
void operation_look_for_stale(struct operation *operation);
