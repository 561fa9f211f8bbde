/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the console's processes say to each other, in frames of common/wire.h over sockets of
 * common/channel.h. The frontend (TLS, HTTP) asks; the store (SQL, opens batches) and the authority
 * (issuing key) answer, each request once, in any order. What hangs on a device's state the store
 * alone asks of the authority, on a socket of their own. A get that fails is a broken peer.
 * Numbers are wire values.
 */
#ifndef HOLDFAST_CONSOLE_IPC_MESSAGES_H
#define HOLDFAST_CONSOLE_IPC_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"
#include "console/ipc/refusal.h"

#define CONSOLE_UID_SIZE	 16	   /* a device, a boot: UUID bytes */
#define CONSOLE_HASH_SIZE	 32	   /* SHA-256 */
#define CONSOLE_TOKEN_SIZE	 129	   /* an enrolment token as text */
#define CONSOLE_NAME_SIZE	 256	   /* of a host, a tenant */
#define CONSOLE_CSR_MAX		 8192	   /* bytes of a PKCS#10 request, DER */
#define CONSOLE_CERTIFICATE_MAX	 4096	   /* bytes of a certificate, DER */
#define CONSOLE_BATCH_MAX	 110000	   /* bytes: fits one frame */
#define CONSOLE_DESCRIPTION_MAX	 4095	   /* bytes of what a device says of itself */
#define CONSOLE_WORD_MAX	 4000	   /* bytes of LEASE_WORD_MAX */
#define CONSOLE_WIPE_RECEIPT_MAX 12000	   /* bytes of WIPE_RECEIPT_MAX */
#define CONSOLE_CHAIN_MAX	 4	   /* certificates from the issuing one up */
#define CONSOLE_POLICY_MAX	 (9 << 20) /* bytes of a bundle: BUNDLE_SIZE_MAX and some */

enum console_message {
	/* frontend to store */
	CONSOLE_ENROL = 1, /* struct console_enrol */
	CONSOLE_CERTIFIED =
		2,	    /* struct console_certified; answered by DONE, then it is handed out */
	CONSOLE_DEVICE = 3, /* struct console_who */
	CONSOLE_EVENTS = 4, /* struct console_who, then the batch: the rest of the frame */
	CONSOLE_RENEW = 5,  /* struct console_enrol, token empty, with the certificate in use */
	CONSOLE_POLICY = 6, /* struct console_poll */
	CONSOLE_DESCRIBE =
		7, /* struct console_who, then JSON: the rest of the frame; answered by DEVICE_IS */
	CONSOLE_LEASE =
		8, /* struct console_who, then a question of common/lease.h: the rest of the frame */
	CONSOLE_CHECK = 10, /* struct console_check, then a ticket: the rest of the frame */
	CONSOLE_RECEIPT =
		11, /* struct console_who, then a receipt of common/wipe_receipt.h: the rest */
	CONSOLE_KEYS = 9, /* struct console_who, then a question of common/key_words.h: the rest */
	CONSOLE_KEYLESS = 12, /* struct console_who, of what was only said; answered by DONE */
	/* store to frontend */
	CONSOLE_ENROLLED = 32,	/* struct console_device: to ENROL, RENEW */
	CONSOLE_DONE = 33,	/* struct console_done */
	CONSOLE_DEVICE_IS = 34, /* struct console_device: to DEVICE, DESCRIBE */
	CONSOLE_TAKEN = 35,	/* struct console_device: to EVENTS; ack and link are durable */
	CONSOLE_CHANGED =
		36, /* struct console_device, id 0: its connections are to be looked at anew */
	CONSOLE_POLICY_IS =
		37, /* struct console_policy: to POLICY; with a sealed memfd when version is not 0 */
	CONSOLE_POLICIES_CHANGED = 38, /* nothing: who waits for a policy is to be asked for anew */
	CONSOLE_LEASE_IS = 39,	       /* struct console_word: to LEASE */
	CONSOLE_KEYS_ARE = 40, /* struct console_word: to KEYS; a grant of common/key_words.h */
	CONSOLE_CHECKED = 41,  /* struct console_checked: to CHECK */
	/* frontend to authority */
	CONSOLE_SIGN = 64, /* struct console_sign */
	/* authority to frontend */
	CONSOLE_SIGNED = 96, /* struct console_signed */
	CONSOLE_CHAIN = 97,  /* struct console_chain: once, first */
	/* store to authority */
	CONSOLE_WORD = 128, /* struct console_wish */
	/* these four: console/ipc/key_messages.h */
	CONSOLE_KEY_MAKE = 129,	   /* struct console_make */
	CONSOLE_KEY_RELEASE = 130, /* struct console_release */
	CONSOLE_KEY_DESTROY = 131, /* struct console_destroy */
	CONSOLE_MARK = 132,	   /* struct console_mark */
	/* authority to store */
	CONSOLE_WORD_IS = 160,	     /* struct console_word: to WORD */
	CONSOLE_KEY_MADE = 161,	     /* struct console_made */
	CONSOLE_KEY_RELEASED = 162,  /* struct console_word: a grant */
	CONSOLE_KEY_DESTROYED = 163, /* struct console_word: a receipt */
	CONSOLE_MARK_IS = 164,	     /* struct console_word: as struct console_mark says */
};

enum device_state {
	DEVICE_NONE = 0,
	DEVICE_PENDING = 1,
	DEVICE_TRUSTED = 2,
	DEVICE_SUSPENDED = 3,
	DEVICE_REVOKED = 4,
	DEVICE_UNFIT = 5, /* only said of one that is trusted, and does not meet what is required */
};

/* A certificate request that was checked to be signed by its own key. */
struct console_enrol {
	uint64_t id;
	uint8_t certificate[CONSOLE_HASH_SIZE]; /* RENEW: fingerprint of the one in use */
	uint8_t key[CONSOLE_HASH_SIZE];		/* SHA-256 of the SubjectPublicKeyInfo asked for */
	char token[CONSOLE_TOKEN_SIZE];
	char host[CONSOLE_NAME_SIZE]; /* the request's common name: what the device calls itself */
	char address[64];	      /* of the peer, for the record */
};

struct console_certified {
	uint64_t id;
	uint8_t device[CONSOLE_UID_SIZE];
	uint16_t size;
	uint8_t certificate[CONSOLE_CERTIFICATE_MAX];
};

struct console_who {
	uint64_t id;
	uint8_t certificate[CONSOLE_HASH_SIZE]; /* SHA-256 of the peer's certificate, DER */
	char address[64];
	uint8_t is_after_loss; /* EVENTS: the device says that it has nothing older any more; 0, 1 */
};

/* What the store says of a device. With a refusal, only what is known. */
struct console_device {
	uint64_t id;
	uint16_t refusal; /* enum console_refusal */
	uint8_t state;	  /* enum device_state */
	uint8_t device[CONSOLE_UID_SIZE];
	char tenant[CONSOLE_NAME_SIZE];
	uint64_t ack;			     /* highest sequence that is durable, 0 = none */
	uint8_t link[CONSOLE_HASH_SIZE];     /* of the chain at ack */
	uint8_t seal_key[32];		     /* X25519: what the device is to seal to */
	uint8_t challenge[CONSOLE_UID_SIZE]; /* for its TPM: common/quote.h; zeros = none */
};

/* A device asks for a newer policy than the one it has. */
struct console_poll {
	uint64_t id;
	uint8_t certificate[CONSOLE_HASH_SIZE];
	char address[64];
	uint64_t have; /* version */
	uint64_t
		word; /* serial of the console's word that it knows: common/lease.h; 0 = does not ask */
};

struct console_policy {
	uint64_t id;
	uint16_t refusal;
	uint64_t version; /* 0: there is none that is newer */
	uint32_t size;	  /* bytes of the bundle in the descriptor; 0 exactly when version is */
	uint64_t word;	  /* as it is now, when it was asked for */
};

/* What the authority is to say of a device, in the store's name: struct lease of common/lease.h. */
struct console_wish {
	uint64_t id;
	uint8_t device[CONSOLE_UID_SIZE];
	uint8_t key[CONSOLE_HASH_SIZE];
	uint8_t boot[CONSOLE_UID_SIZE];
	uint64_t asked_ms;
	uint8_t nonce[CONSOLE_UID_SIZE];
	uint8_t state; /* enum device_state */
	uint32_t seconds;
	uint64_t serial;
	uint64_t order_number; /* 0 = it is to destroy nothing */
	uint8_t order;	       /* enum lease_order */
};

struct console_word {
	uint64_t id;
	uint16_t refusal;
	uint16_t size; /* 0 exactly when it is refused */
	uint8_t text[CONSOLE_WORD_MAX];
};

struct console_sign {
	uint64_t id;
	uint8_t device[CONSOLE_UID_SIZE];
	char tenant[CONSOLE_NAME_SIZE];
	uint16_t size;
	uint8_t csr[CONSOLE_CSR_MAX];
};

struct console_signed {
	uint64_t id;
	uint16_t refusal;
	uint16_t size;
	uint8_t certificate[CONSOLE_CERTIFICATE_MAX];
};

/* A relying party asks whether a ticket (common/ticket.h) is good. */
struct console_check {
	uint64_t id;
	char token[CONSOLE_TOKEN_SIZE];
	char address[64];
	char nonce[129]; /* that it gave; "" = none */
};

enum ticket_verdict {
	TICKET_GOOD = 0,
	TICKET_MALFORMED = 1,
	TICKET_UNKNOWN_DEVICE =
		2,		 /* no device here has this certificate, or it has another since */
	TICKET_FORGED = 3,	 /* not signed by it, or not about it */
	TICKET_DEVICE_STATE = 4, /* pending, suspended, revoked */
	TICKET_EXPIRED = 5,
	TICKET_EARLY = 6, /* good from later on */
	TICKET_AUDIENCE = 7,
	TICKET_TENANT = 8,
	TICKET_NONCE = 9,
	TICKET_REPLAYED = 10,
	TICKET_STALE = 11,	 /* of an earlier start, or under a policy that another followed */
	TICKET_CONTRADICTS = 12, /* says of the device what its record does not */
	TICKET_UNFIT = 13,	 /* the device does not meet what its policy requires */
	TICKET_VERDICT_MAX
};

struct console_checked {
	uint64_t id;
	uint16_t refusal; /* of who asks */
	uint8_t verdict;  /* enum ticket_verdict; what follows is empty where it is not known */
	uint8_t state;	  /* enum device_state */
	uint8_t device[CONSOLE_UID_SIZE];
	uint64_t expires_s;
	char account[129], tenant[65], app[65], trust[17];
};

struct console_done {
	uint64_t id;
	uint16_t refusal;
};

/* For EST's cacerts, and what devices' certificates are checked against. */
struct console_chain {
	uint16_t count; /* at least 1; from the issuing one up, root last */
	struct {
		uint16_t size;
		uint8_t bytes[CONSOLE_CERTIFICATE_MAX]; /* DER */
	} certificates[CONSOLE_CHAIN_MAX];
};

/* What comes in is bad when a number is none that its enum has, or a size is 0 or too large. */
void console_put_enrol(struct bytes_writer *frame, const struct console_enrol *enrol);
void console_get_enrol(struct bytes_reader *payload, struct console_enrol *ret_enrol);
void console_put_certified(struct bytes_writer *frame, const struct console_certified *certified);
void console_get_certified(struct bytes_reader *payload, struct console_certified *ret_certified);
void console_put_who(struct bytes_writer *frame, const struct console_who *who);
void console_get_who(struct bytes_reader *payload, struct console_who *ret_who);
void console_put_device(struct bytes_writer *frame, const struct console_device *device);
void console_get_device(struct bytes_reader *payload, struct console_device *ret_device);
void console_put_poll(struct bytes_writer *frame, const struct console_poll *poll);
void console_get_poll(struct bytes_reader *payload, struct console_poll *ret_poll);
void console_put_policy(struct bytes_writer *frame, const struct console_policy *policy);
void console_get_policy(struct bytes_reader *payload, struct console_policy *ret_policy);
void console_put_wish(struct bytes_writer *frame, const struct console_wish *wish);
void console_get_wish(struct bytes_reader *payload, struct console_wish *ret_wish);
void console_put_word(struct bytes_writer *frame, const struct console_word *word);
void console_get_word(struct bytes_reader *payload, struct console_word *ret_word);
void console_put_sign(struct bytes_writer *frame, const struct console_sign *sign);
void console_get_sign(struct bytes_reader *payload, struct console_sign *ret_sign);
void console_put_signed(struct bytes_writer *frame, const struct console_signed *answer);
void console_get_signed(struct bytes_reader *payload, struct console_signed *ret_answer);
void console_put_check(struct bytes_writer *frame, const struct console_check *check);
void console_get_check(struct bytes_reader *payload, struct console_check *ret_check);
void console_put_checked(struct bytes_writer *frame, const struct console_checked *checked);
void console_get_checked(struct bytes_reader *payload, struct console_checked *ret_checked);
void console_put_done(struct bytes_writer *frame, const struct console_done *done);
void console_get_done(struct bytes_reader *payload, struct console_done *ret_done);
void console_put_chain(struct bytes_writer *frame, const struct console_chain *chain);
void console_get_chain(struct bytes_reader *payload, struct console_chain *ret_chain);

#endif
