/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One netlink datagram into type and text: nlmsghdr { type 1300 } "audit(1700000000.123:42): arch=…". */

#include <libaudit.h>
#include <linux/netlink.h>

#include "audit-socket.h"

bool audit_datagram_parse(FopsSpan datagram, uint32_t sender_pid, uint16_t *ret_type, FopsSpan *ret_text) {
        struct nlmsghdr header;

        /* Port 0 is the kernel's; any process may send to our port from another. */
        if (sender_pid != 0 || datagram.size < sizeof(header))
                return false;
        memcpy(&header, datagram.data, sizeof(header));

        *ret_type = header.nlmsg_type;
        *ret_text = fops_span_skip(datagram, NLMSG_HDRLEN);
        return true;
}

bool audit_datagram_is_record(uint16_t type) {
        return (type >= AUDIT_FIRST_USER_MSG && type != AUDIT_REPLACE) || type == AUDIT_LOGIN;
}
