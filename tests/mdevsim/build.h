/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevsim build: a machine's tree from its description. */
#pragma once

/* Dies with the line's number when the description makes no sense. */
void build(const char *description, const char *dir);
