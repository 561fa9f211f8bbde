/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's side of outputs (console/ipc/export.h): hands committed events to each exporter in the
 * order of their arrival, and keeps how far each has come. How far is written with the next
 * transaction that is there anyway, or within EXPORT_LAZY_NS.
 */
#ifndef HOLDFAST_CONSOLE_STORE_EXPORT_SERVER_H
#define HOLDFAST_CONSOLE_STORE_EXPORT_SERVER_H

#include <poll.h>

#include "common/clock.h"
#include "console/ipc/export.h"
#include "console/store/service.h"

#define EXPORT_LAZY_NS	CLOCK_SECOND_NS
#define EXPORT_LEASE_MS 30000 /* of several consoles before one database, one runs an output */
#define EXPORT_RENEW_NS (10 * CLOCK_SECOND_NS)
#define EXPORT_LOOK	2000 /* events looked at for one output in a turn */

/* Listens, while still privileged: whoever may connect is an exporter. */
int export_server_new(const char *runtime_directory, struct export_server **ret_server);
unsigned int export_server_poll_fill(
	struct export_server *server, struct pollfd *polls, unsigned int most);
void export_server_on_poll(struct service *service, const struct pollfd *polls, unsigned int count);
/* Hands out what is wanted and there, writes what is due. */
void export_server_work(struct service *service);
/* Within a transaction: writes how far outputs have come. Negative errno of the store. */
int export_server_write(struct service *service);
/* How that transaction ended. */
void export_server_written(struct service *service, bool is_committed);

/* What an output that is connected says of itself. */
struct export_live {
	bool is_connected;
	struct store_export row; /* newer than the database's, when connected */
	char error[EXPORT_TEXT_SIZE];
	int64_t error_since_ms; /* 0 = no error */
};
void export_server_live(
	const struct export_server *server, const char *name, struct export_live *ret_live);
/* Ends the connection of that output; it begins anew from what the database says. */
void export_server_drop(struct export_server *server, const char *name);

#endif
