/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written down of each vault, in root's own directory: where it is, how it is kept, which key
 * it needs, and how far moving in has come. Holds no secret. A record is replaced whole, so that a
 * power cut leaves the one before or the next.
 */
#ifndef HOLDFAST_AGENT_VAULT_RECORD_H
#define HOLDFAST_AGENT_VAULT_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/vault/cipher.h"
#include "common/uuid.h"

#define RECORD_DIRECTORY "/var/lib/holdfast-vault"
#define RECORD_NAME_SIZE 33 /* of a vault, of a label; with NUL */
#define RECORD_MAX	 64 /* vaults of a device */

enum record_way {
	RECORD_WAY_DIRECT = 0, /* the directory itself is encrypted */
	RECORD_WAY_IMAGE = 1,  /* a directory in a file system in a file is, and is mounted there */
};

/* Each phase is written down before what it names is begun. */
enum record_phase {
	RECORD_COPYING = 0,    /* the folder is as it was; its copy beside it is not whole */
	RECORD_CHANGING = 1,   /* the two change places: which is where shows by the inode */
	RECORD_DISCARDING = 2, /* the vault is in its place; what was moved is wiped */
	RECORD_READY = 3,
};

struct record {
	char name[RECORD_NAME_SIZE];
	char path[PATH_MAX];
	char label[RECORD_NAME_SIZE];
	uint8_t label_id[16];
	uint32_t generation; /* of the label's key */
	uint8_t identifier[CIPHER_IDENTIFIER_SIZE];
	enum record_way way;
	enum record_phase phase;
	bool is_held;	     /* locked by hand: stays so until it is unlocked by hand */
	uint64_t old_inode;  /* of the folder that moves in */
	uint64_t settled_ns; /* by its file system's clock: what changed since is looked at again */
	uint64_t size_bytes; /* of the image */
};

/* Opens the directory, made when it is not there. The caller's to close; negative errno. */
int record_directory(const char *path);
/* 0; -ENOENT; -EBADMSG: nobody here wrote that; negative errno. */
int record_read(int directory_fd, const char *name, struct record *ret_record);
int record_write(int directory_fd, const struct record *record);
int record_remove(int directory_fd, const char *name);
/* The names, sorted; how many, or negative errno. What is no record is left out. */
int record_list(int directory_fd, char ret_names[RECORD_MAX][RECORD_NAME_SIZE]);

/* For record_read() and tests. */
int record_parse(const char *text, struct record *ret_record);

/* The name beside path, in the same directory: ".holdfast-vault-NAME" and, of an image, with ".img". */
int record_beside(const struct record *record, const char *suffix, char ret_name[NAME_MAX + 1]);

#endif
