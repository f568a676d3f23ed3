/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "watch.h"

/* Appends a copy. 0 or -ENOMEM. */
int fops_targets_append(FopsTargets *t, FopsTarget target);

/* Appends each of @from, behind the subvolumes that are in it. 0 or -errno (memory). */
int fops_targets_add_subvolumes(const FopsTargets *from, FopsTargets *t);
