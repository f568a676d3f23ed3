/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* File systems that make up inode numbers when they first meet a file, and others when they meet it again: fat and exfat (iunique()),
 * FUSE where the program behind it knows none, SMB where the server tells none. What is known by such a number is right as long as
 * the kernel has the file in memory; and what has another number may be the same file. */

#include "util.h"

/* Does the file system that @fd is on keep its numbers? True if that can't be known. */
bool fops_inode_numbers_last(int fd);
