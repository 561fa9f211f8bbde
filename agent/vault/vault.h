/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-vault, root's: started by `holdfast vault`, and by holdfastd to watch. It moves folders in,
 * mounts, and tells who holds what; never sees a key: keyring gives it to the kernel. Under the policy it
 * is an application like any other, that may open labels: what it writes has the labels of what it read, so it
 * needs no exemption from them (apart.h).
 */
#ifndef HOLDFAST_AGENT_VAULT_VAULT_H
#define HOLDFAST_AGENT_VAULT_VAULT_H

#include <stdbool.h>

#include "agent/ipc/request.h"
#include "agent/vault/record.h"

enum vault_exit { VAULT_DONE = 0, VAULT_REFUSED = 1, VAULT_USAGE = 2, VAULT_NO_AGENT = 3 };

struct vault_options {
	const char *runtime_directory;
	const char *state_directory;
	bool is_dry_run;
	bool is_json;
};
extern struct vault_options vault_options;

/* What the policy in force says of a vault. */
struct vault_wish {
	char path[PATH_MAX];
	char label[RECORD_NAME_SIZE];
	uint8_t label_id[16];
	uint64_t size_bytes; /* of an image, 0 = as the file system */
};

/*
 * Asks the engine. 0; -ENOENT: the policy has no such vault; -ECONNREFUSED: no agent, or one that broke
 * off; what the engine refused with.
 */
int wish_ask(const char *name, struct vault_wish *ret_wish);
/* Marks that path, and with it all below, with the label. 0; -ENOENT: nothing is there; as wish_ask(). */
int wish_mark(const char *path, const char *label);
/* The places of the policy are looked at again: a directory took the place of another one. */
void wish_look_again(void);
/* An event: what became of a vault, NULL = of all, in words. Without an agent, nothing. */
void wish_tell(const struct record *record, enum local_vault_event what, const char *words);

/*
 * The directory that is encrypted, wherever it stands now: while moving in, beside the folder. Mounts an
 * image. The caller's to close; -ENOENT; negative errno.
 */
int place_open(const struct record *record);
/*
 * A directory of the same file system that is none of the vault's, for what concerns its key: who holds a
 * directory of the vault holds the key's last use. Mounts an image. The caller's to close; negative errno.
 */
int place_anchor(const struct record *record);
/* The directory in which the folder is, and its own name in there. The caller's to close. */
int place_above(const struct record *record, char ret_name[NAME_MAX + 1]);
/* Mounts an image and shows it at its path. Nothing for a directory that is encrypted itself. 0, negative errno. */
int place_show(const struct record *record);
/* The other way round. 0, negative errno. */
int place_hide(const struct record *record);

/* Verbs: enum vault_exit. */
int vault_add(const char *name);
int vault_unlock(const char *name);
int vault_lock(const char *name);
int vault_status(const char *name); /* NULL = all */
int vault_verify(const char *name);
/* Runs until its parent ends. */
int vault_watch(void);

/* lock.c, for watch.c too: takes the key back. 0 gone, 1 some files are still held, negative errno. */
int vault_take_key(int keyring_fd, const struct record *record);
/*
 * Marks the vault's place, gives it the key, and shows it. 0; -ENOKEY: keyring has none of its label now;
 * -EKEYREJECTED: another one than it is encrypted with; -ECONNREFUSED: no engine to mark it; negative errno.
 */
int vault_give_key(int keyring_fd, const struct record *record);
/* Prints who holds files at or below path, or with NULL on that file system; how many processes, negative errno. */
int vault_print_holders(const char *path, int directory_fd);
/* What to ask holders_find() for: of an image, whatever is on its device. */
const char *vault_held_path(const struct record *record);

/* Prints "holdfast: vault NAME: " and the words to the error output. Returns VAULT_REFUSED. */
int vault_complain(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* That keyring has no key of its label, and why that may be. Returns VAULT_REFUSED. */
int vault_complain_key(const struct record *record);

#endif
