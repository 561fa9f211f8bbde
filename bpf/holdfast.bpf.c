// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The kernel part, one object. A table of contents: each header owns one domain.
 *
 *   state    shared slots, a process's own state	report   the record that follows a decision
 *   judge    masks to verdict			label    an inode's labels, the walk upwards
 *   volume   which channel a file system is	taint    labels of processes
 *   app      identity of executables		device   device nodes as ways out
 *   lineage  whence labels came		carry    content between processes
 *   memory   processes that share some	terminal pseudo-terminals
 *   guard    the agent itself and the machine below it: agent, process, file, kernel
 *   print    what counts as printing		exempt   where labels end
 *   flow     connections within the machine	forget   taint that ends
 *   reader   who carries labels now		origins  first files, of processes and groups
 *   ring     memory behind descriptors without a file
 *   message  where what is sent lies		clipboard what X clients hand to one another
 *   bus      messages between a bus's clients: bus_message their form, bus_relay the bus's side
 *   address  where sockets send		service  what may be reached from certain networks
 *   display  connections to displays, what is exposed there	screen	who may capture it
 *   display_tcp	displays whose clients come by TCP	screen_device	screens as devices
 *   stream   what the kernel has copied of a stream		x11, wayland	requests that capture
 *   hooks:   file, mapping, pipe, socket, queue, key, network, name, process, mount, request;
 *            socket_hooks, where several domains meet
 */
#include "kernel_types.bpf.h"

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel_consts.bpf.h"

#include "maps.bpf.h"

#include "app.bpf.h"
#include "file.bpf.h"
#include "guard_kernel.bpf.h"
#include "key.bpf.h"
#include "mapping.bpf.h"
#include "mount.bpf.h"
#include "name.bpf.h"
#include "network.bpf.h"
#include "process.bpf.h"
#include "queue.bpf.h"
#include "reader.bpf.h"
#include "request.bpf.h"
#include "socket_hooks.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
