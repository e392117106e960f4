/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevsim run: a command, and all its children, on a machine whose drivers answer. */
#pragma once

/* argv is what follows "run"; the result is the command's exit status. */
int run(char *argv[]);
