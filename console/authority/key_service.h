/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store asks about keys of labels, answered by who has the tenant's root key. The store decides
 * who may have which; that a question is a device's own, this process proves by itself, and gives no key in
 * another form than sealed to that question's ephemeral key.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_KEY_SERVICE_H
#define HOLDFAST_CONSOLE_AUTHORITY_KEY_SERVICE_H

#include <time.h>

#include "console/authority/tenant_key.h"
#include "console/authority/trust.h"
#include "console/ipc/key_messages.h"

struct key_service {
	struct tenant_key tenant;
	struct trust *trust;	       /* what signs; borrowed */
	const struct ca_pair *issuing; /* likewise */
};

/* While privileged: opens the tenant's key in that directory; makes one where there is none yet. */
void key_service_open(struct key_service *service, const char *directory);
void key_service_close(struct key_service *service);
/* Whether it has the key. */
bool key_service_is_open(const struct key_service *service);

void key_service_make(struct key_service *service, const struct console_make *make,
	struct console_made *ret_made);
/* ret_word: a grant of common/key_words.h. */
void key_service_release(struct key_service *service, const struct console_release *release,
	time_t now, struct console_word *ret_word);
/* ret_word: a receipt. */
void key_service_destroy(struct key_service *service, const struct console_destroy *destroy,
	time_t now, struct console_word *ret_word);
/* ret_word: as struct console_mark says. mark_key.c */
void key_service_mark(struct key_service *service, const struct console_mark *mark,
	struct console_word *ret_word);

/*
 * What a device is given for a row of the database: the key itself; of a mark the parts of the pen
 * of the subject that its id names. Adds it to a text of common/key_words.h. Its new size; -EKEYREJECTED:
 * it is the tenant's own; as label_key_open().
 */
int key_service_item(const struct key_service *service, const struct console_key *row,
	uint8_t text[KEY_TEXT_MAX], size_t size);
uint16_t key_service_refusal(int error);

#endif
