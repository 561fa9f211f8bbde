/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that holds the issuing key and signs certificates of devices, and the key
 * that leases are signed with; nothing else.
 * holdfast-console(8) starts it by executing itself.
 *
 *   holdfast-console authority --ca-dir DIR --frontend-fd N [--store-fd N]
 *		[--user NAME] [--life-fd N] [--keys-dir DIR] [--verbose]
 *
 *   --ca-dir       with CA_ROOT_CERTIFICATE, CA_ISSUING_CERTIFICATE and CA_ISSUING_KEY of
 *                  ca_files.h, as ca_files_create() makes them; the root's key need not be there.
 *                  Read while still privileged
 *   --keys-dir     with the tenant's root key and its slots (tenant_key.h, key_slots.h), which are made
 *                  where there are none; without it there are no keys of labels
 *   --frontend-fd  end of a SOCK_SEQPACKET pair, frames of console/ipc/messages.h
 *   --store-fd     likewise, to the store: what is to be said of devices
 *   --user         who to become once the key is read; without it, stays who it is
 *   --life-fd      as the frontend's: 'R' once the key is read, then 'L' every two seconds
 *
 * SIGTERM ends it with status 0, as does the end of the frontend; what it cannot understand, 1.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_AUTHORITY_H
#define HOLDFAST_CONSOLE_AUTHORITY_AUTHORITY_H

/* argv[0] is the word "authority". The process's exit status. */
int authority_main(int argc, char **argv);

#endif
