/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What counts as printing: CUPS's socket, by name before its service has shown who it is, and the
 * ports of printers; and where the beginning of a print request lies, for the record. Nothing that
 * is read here from the sender's memory decides.
 */
#ifndef HOLDFAST_BPF_PRINT_H
#define HOLDFAST_BPF_PRINT_H

#include "message.bpf.h"
#include "report.bpf.h"

#define PORT_LPD	     515  /* RFC 1179 */
#define PORT_IPP	     631  /* RFC 8010 */
#define PORT_JETDIRECT	     9100 /* and the next two, of the second and third printer at a box */
#define PORT_JETDIRECT_LAST  9102
#define PRINT_SOCKET_NAME    0x636f732e73707563ull /* "cups.soc", and a k */
#define PRINT_DIRECTORY_NAME 0x73707563u	   /* "cups" */

static __always_inline bool is_print_port(__u16 port)
{
	return port == PORT_IPP || port == PORT_LPD ||
	       (port >= PORT_JETDIRECT && port <= PORT_JETDIRECT_LAST);
}

/*
 * Whether this end belongs to a listener at .../cups/cups.sock that root made, by the inode it is
 * bound to: a user's own mounts and namespaces make none. systemd may hold it before cupsd runs.
 */
static __noinline bool is_print_socket(struct sock *to)
{
	struct unix_sock *end = (struct unix_sock *)to;
	struct dentry *dentry = BPF_CORE_READ(end, path.dentry);
	struct dentry *directory;
	__u64 name = 0;
	__u32 above = 0;
	__u8 last = 0;

	if (!dentry || BPF_CORE_READ(dentry, d_name.len) != 9)
		return false;
	bpf_probe_read_kernel(&name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	bpf_probe_read_kernel(&last, sizeof(last), BPF_CORE_READ(dentry, d_name.name) + 8);
	directory = BPF_CORE_READ(dentry, d_parent);
	bpf_probe_read_kernel(&above, sizeof(above), BPF_CORE_READ(directory, d_name.name));
	return name == PRINT_SOCKET_NAME && last == 'k' &&
	       BPF_CORE_READ(directory, d_name.len) == 4 && above == PRINT_DIRECTORY_NAME &&
	       !BPF_CORE_READ(dentry, d_inode, i_uid.val);
}

static __always_inline void print_was_refused(void)
{
	struct hf_task *self = task_current();

	if (self)
		self->flags |= HF_TASK_NO_PRINT;
}

/* Where a request begins that the record is to tell of: HTTP's first line, or IPP's first bytes. */
static __always_inline void payload_of(struct act *act)
{
	struct pieces pieces;
	__u8 begin[4] = {};

	if (!act->message)
		return;
	pieces_of(act->message, &pieces);
	act->payload = pieces.at;
	act->payload_size = pieces.left < HF_PATH_SIZE ? pieces.left : HF_PATH_SIZE;
	if (!act->payload || bpf_probe_read_user(begin, sizeof(begin), (const void *)act->payload))
		return; /* the record goes without */
	if (begin[0] == 'P' && (begin[1] == 'O' || begin[1] == 'U'))
		act->payload_kind = PAYLOAD_HTTP;
	else if ((begin[0] == 1 || begin[0] == 2) && begin[1] <= 2 && !(begin[2] & 0xbf))
		act->payload_kind = PAYLOAD_IPP;
}

#endif
