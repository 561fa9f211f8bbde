/* SPDX-License-Identifier: Apache-2.0 */
/* Where a console's database is: its own file, or an address that is written down beside its keys. */
#ifndef HOLDFAST_CONSOLE_STORE_LOCATION_H
#define HOLDFAST_CONSOLE_STORE_LOCATION_H

#include <stdbool.h>
#include <stddef.h>

#define LOCATION_FILE	  "console.db"
#define LOCATION_ADDRESS  "database"	      /* one line: postgresql://... */
#define LOCATION_PASSWORD "database.password" /* as libpq's passfile */
#define LOCATION_SIZE	  2048

/* What store_open() takes, for a console whose store's directory that is. -ENOENT: there is none. */
int location_read(const char *directory, char ret_location[LOCATION_SIZE]);
/* Writes an address down, with a name that tells this console from others. -EEXIST, -E2BIG. */
int location_write(const char *directory, const char *address, const char *name);
/* The address was copied from another console: it gets this one's name, and place of the password. */
int location_join(const char *directory, const char *name);
/* Keeps the password in a file that only its owner reads; goes before location_write(). */
int location_write_password(const char *directory, const char *password);

/* How a database is reached. */
enum location_way { LOCATION_BY_FILE, LOCATION_BY_SOCKET, LOCATION_BY_NETWORK };
enum location_way location_way(const char *location);
/*
 * Before such a database is opened: libpq looks for settings and certificates in the home directory of
 * whoever it is started by, and fails when that is another user's. -ENOMEM.
 */
int location_leave_home(const char *location);
/*
 * The names of hosts in it become addresses, now and for good: who can't ask for names afterwards
 * needs none. Others are copied. -EHOSTUNREACH: a name has no address.
 */
int location_pin(const char *location, char ret_location[LOCATION_SIZE]);

#endif
