/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of a process: an allowlist, grouped by purpose; anything else kills it. With
 * HOLDFAST_SANDBOX_LOG in the environment of a debug build, it is logged by the kernel instead.
 */
#ifndef HOLDFAST_COMMON_FILTER_H
#define HOLDFAST_COMMON_FILTER_H

#define FILTER_FILES	0x1u /* open, read, write, rename and stat files */
#define FILTER_IPC	0x2u /* talk over the sockets it has; accept local ones */
#define FILTER_NAMES	0x4u /* make AF_UNIX sockets: name service (nss) */
#define FILTER_DATABASE 0x8u /* locks, sync, shared mappings: SQLite */
#define FILTER_BPF \
	0x10u /* BPF maps: look up, update, create; iterators that are there; no programs */
#define FILTER_MARKS 0x20u  /* extended attributes, openat2, inotify */
#define FILTER_UDEV  0x40u  /* netlink for udev */
#define FILTER_SERVE 0x80u  /* epoll, and what is asked and set of connections it accepts */
#define FILTER_READ  0x100u /* open files to read them, nothing else with files */
#define FILTER_NETWORK \
	0x200u /* TCP and UDP as a client; threads, in which libcurl resolves names */
#define FILTER_MEMORY	   0x400u /* files that are memory only, to be passed on */
#define FILTER_TCP	   0x800u /* TCP as a client, to addresses that are known already */
#define FILTER_PLACES	   0x1000u /* read and write at places of files that are open, and sync them */
#define FILTER_VAULT	   0x2000u /* give and take keys of file systems, and no other ioctl(2) */
#define FILTER_PAIRS	   0x4000u /* make pairs of AF_UNIX sockets */
#define FILTER_DIRECTORIES 0x8000u /* make directories, and watch them */
#define FILTER_WIPE \
	0x10000u /* make directories, bring file systems to the disk, ask for keys of theirs */
#define FILTER_THREADS 0x20000u /* start threads */

/* groups: FILTER_*; what every process needs is always in. 0 or negative errno. */
int filter_load(unsigned int groups);

#endif
