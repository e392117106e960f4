/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's tree of files. Every path here is the machine's own: "/sys/…" is DIR/sys/…. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where the simulator keeps what is not the machine's. */
#define PRIVATE "/.mdevsim"
/* Directories that were removed, each below GONE/NUMBER under the path it had. */
#define GONE PRIVATE "/gone"

struct record;

struct machine {
	int fd;    /* of DIR */
	char *dir; /* DIR without symbolic links */
	int lock;  /* one writer at a time changes the state and the tree */
	struct record *parents;
	struct record *devices;
	off_t generation; /* of these two, -1 when they are not read */
};

/* All of these make the directories above on demand and die when the file system refuses. */
void tree_dir(const struct machine *machine, const char *path, mode_t mode);
void tree_link(const struct machine *machine, const char *path, const char *target);

/* A relative link to another path of the machine, as the kernel writes them. */
void tree_link_to(const struct machine *machine, const char *path, const char *to);

/*
 * Gives a file its content. A reader never sees half of it: a file that only the kernel writes
 * is replaced; one that users write is changed in place, as they may have it open.
 */
void tree_file(const struct machine *machine, const char *path, mode_t mode, const char *text,
	       size_t length);

/* The same, a link and a text, for `name` in a directory. */
void tree_link_in(const struct machine *machine, const char *dir, const char *name, const char *to);
void tree_file_in(const struct machine *machine, const char *dir, const char *name, mode_t mode,
		  const char *text);

/* With everything below; silent when it is not there. */
void tree_remove(const struct machine *machine, const char *path);

/*
 * The same for a directory, whose inode number does not come back: sysfs counts on, where a file
 * system gives the next directory the number of the last.
 */
void tree_retire(const struct machine *machine, const char *path);

bool tree_exists(const struct machine *machine, const char *path);

/* NULL when it cannot be read. */
char *tree_read(const struct machine *machine, const char *path, size_t *length);

/* The names in a directory, ended by NULL; empty when there is none. */
char **tree_list(const struct machine *machine, const char *path);
void tree_list_free(void *list);
