/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The kernel's audit settings and rules are asked for and changed over a netlink socket of its own, apart from the one that
 * the records come on: a request, and the answer with the same sequence number, whatever else arrives in between. Each call
 * waits a bounded time. Needs CAP_AUDIT_CONTROL, the first pid and user namespaces. Not thread-safe; one owner. */

#include <linux/audit.h>

#include "util.h"

typedef struct FopsAuditControl {
        int fd;
        uint32_t sequence;
        /* Called before each request; a negative errno is the request's answer then. While its queue of records is over the limit the
         * kernel lets everybody wait who asks for anything (audit_receive()), uninterruptibly and up to backlog_wait_time: who reads
         * the records must not ask then. May be NULL. */
        int (*pace)(void *userdata);
        void *userdata;
} FopsAuditControl;

/* Opens the socket. 0 or -errno (-EPROTONOSUPPORT: a kernel without audit); *@ret is untouched on failure. */
int fops_audit_control_open(FopsAuditControl *ret);

/* Takes one that was never opened (fd negative), and leaves such a one. */
void fops_audit_control_done(FopsAuditControl *c);

/* Sends a request that is answered by an acknowledgement (AUDIT_ADD_RULE, AUDIT_SET). 0, -ETIMEDOUT, or the kernel's error. */
int fops_audit_control_command(FopsAuditControl *c, uint16_t type, const void *payload, size_t size);

/* Sends a request that is answered by messages, and calls @reply for each, with the payload, until the last (NLMSG_DONE), or
 * until @reply doesn't return 0: more than 0 means "enough", less is passed up. 0, -ETIMEDOUT, or the kernel's error. */
typedef int (*FopsAuditReply)(void *userdata, uint16_t type, const void *payload, size_t size);
int fops_audit_control_query(FopsAuditControl *c, uint16_t type, FopsAuditReply reply, void *userdata);

/* The audit status as this kernel knows it; what it doesn't know is 0. */
int fops_audit_control_get_status(FopsAuditControl *c, struct audit_status *ret);

/* Sets what @status->mask says (AUDIT_STATUS_ENABLED, AUDIT_STATUS_BACKLOG_LIMIT …). 0 or as above; -EPERM: also when the
 * configuration is locked. */
int fops_audit_control_set_status(FopsAuditControl *c, const struct audit_status *status);

/* Sets a setting to what it is, so that there is a record: op=set audit_backlog_wait_time=… 0 or as above. */
int fops_audit_control_touch(FopsAuditControl *c);

/* Turns on AUDIT_FEATURE_LOGINUID_IMMUTABLE, without locking it. */
int fops_audit_control_set_loginuid_immutable(FopsAuditControl *c);
