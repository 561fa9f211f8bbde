/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that was wiped is suspended by its receipt: who wants it back approves it again. Its certificate proves
 * it in any state, as a revoked one is to say what it has destroyed.
 */
#include "console/store/wipe.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/wipe_receipt.h"
#include "console/store/audit.h"
#include "console/store/identify.h"

CLEANUP_DEFINE(X509, X509_free)

_Static_assert(STORE_ORDER_RECEIPT_SIZE == WIPE_RECEIPT_MAX + 1, "every receipt can be kept");

static bool stands(const struct store_order *order)
{
	return order->number && !order->done_ms && !order->withdrawn_ms;
}

/* number 0 when there is none. */
static int last_order(struct store *store, int64_t device, struct store_order *ret_order)
{
	int r = store_order_last(store, device, ret_order);

	if (r == -ENOENT)
		*ret_order = (struct store_order){.device = device};
	return r == -ENOENT ? 0 : r;
}

/* The device is to ask for its word anew. */
static int change_word(struct store *store, const struct store_device *device)
{
	int r = store_device_set_word(store, device->id, device->word + 1);

	return r == 0 ? store_notice_add(store, device->id) : r;
}

int wipe_order(
	struct store *store, const struct store_device *device, const struct store_order *wanted)
{
	struct store_order order = *wanted, last;
	int r;

	r = last_order(store, device->id, &last);
	if (r == 0 && stands(&last))
		r = -EALREADY;
	if (r < 0)
		return r;
	order.device = device->id;
	order.number = last.number + 1;
	r = store_order_add(store, &order);
	return r == 0 ? change_word(store, device) : r;
}

int wipe_withdraw(struct store *store, const struct store_device *device, int64_t now_ms)
{
	struct store_order order;
	int r;

	r = last_order(store, device->id, &order);
	if (r < 0)
		return r;
	if (!order.number)
		return -ENOENT;
	if (!stands(&order) || order.sent_ms)
		return -EALREADY;
	order.withdrawn_ms = now_ms;
	r = store_order_set(store, &order, NULL);
	return r == 0 ? change_word(store, device) : r;
}

int wipe_order_say(
	struct store *store, int64_t device, int64_t now_ms, struct store_order *ret_order)
{
	int r;

	r = last_order(store, device, ret_order);
	if (r < 0 || !stands(ret_order))
		return r;
	if (!ret_order->sent_ms) {
		ret_order->sent_ms = now_ms;
		r = store_order_set(store, ret_order, NULL);
	}
	return r < 0 ? r : 1;
}

/* A stranger is to be able to check it, so the certificate behind it is the one that it came with. */
static bool is_of(const struct identity *identity, const void *bytes, size_t size,
	struct wipe_receipt *ret_receipt)
{
	auto_call(X509_freep) X509 *behind = wipe_receipt_certificate(bytes, size);
	uint8_t *der = NULL;
	size_t signed_size;
	int der_size = behind ? i2d_X509(behind, &der) : 0;
	bool is_good = der_size > 0 && der_size == identity->certificate.size &&
		       !memcmp(der, identity->certificate.der, (size_t)der_size) &&
		       wipe_receipt_is_by(bytes, size, behind) &&
		       wipe_receipt_parse(bytes, size, true, ret_receipt, &signed_size) == 0 &&
		       !memcmp(ret_receipt->device, identity->device.uid,
			       sizeof(ret_receipt->device));

	OPENSSL_free(der);
	return is_good;
}

/* To which order it is: 1; 0: to none that this device has. */
static int find_order(struct store *store, const struct store_device *device,
	const struct wipe_receipt *receipt, struct store_order *ret_order)
{
	int r;

	r = last_order(store, device->id, ret_order);
	if (r < 0)
		return r;
	if (receipt->order)
		return ret_order->number == receipt->order && ret_order->sent_ms &&
		       !ret_order->withdrawn_ms && ret_order->what == receipt->what;
	if (device->state != DEVICE_REVOKED)
		return 0;
	if (ret_order->done_ms && !ret_order->number)
		return 1;
	*ret_order = (struct store_order){.device = device->id,
		.what = receipt->what,
		.ordered_ms = (int64_t)receipt->begun_s * 1000,
		.sent_ms = (int64_t)receipt->begun_s * 1000};
	(void)strcpy(ret_order->who, "its policy");
	(void)strcpy(ret_order->why, "revoked");
	r = store_order_add(store, ret_order);
	return r == 0 || r == -EEXIST ? 1 : r;
}

static void describe(const struct wipe_receipt *receipt, const struct store_device *device,
	char ret_what[STORE_AUDIT_SIZE])
{
	char uid[UUID_TEXT_SIZE];

	uuid_format(device->uid, uid);
	(void)snprintf(ret_what, STORE_AUDIT_SIZE,
		"%s order %" PRIu64 " %s: %" PRIu64 " labels, %" PRIu64 " vaults, %" PRIu64
		" files removed (%" PRIu64 " overwritten), %" PRIu64 " kept, %" PRIu64 " failed",
		uid, receipt->order, lease_order_name(receipt->what), receipt->label_count,
		receipt->vault_count, receipt->removed, receipt->overwritten, receipt->kept,
		receipt->failed);
}

/* What could not be destroyed is somebody's to look after. */
static int note_rest(struct store *store, const struct store_device *device,
	const struct wipe_receipt *receipt, int64_t now_ms)
{
	struct store_finding finding = {
		.device = device->id, .time_ms = now_ms, .kind = "wipe-incomplete"};

	if (!receipt->failed && !receipt->elsewhere && !receipt->failure_count)
		return 0;
	(void)snprintf(finding.text, sizeof(finding.text),
		"%" PRIu64 " labelled files could not be removed, marks of %" PRIu64
		" are on volumes that were not there%s%s",
		receipt->failed, receipt->elsewhere, receipt->failure_count ? ": " : "",
		receipt->failure_count ? receipt->failures[0] : "");
	return store_finding_add(store, &finding);
}

static int close_order(struct store *store, const struct store_device *device,
	const struct wipe_receipt *receipt, struct store_order *order, const char *text)
{
	char what[STORE_AUDIT_SIZE];
	const struct audit_act act = {.who = "the device",
		.act = "device wiped",
		.what = what,
		.before = "received",
		.after = "done",
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	describe(receipt, device, what);
	order->done_ms = act.time_ms;
	r = store_order_set(store, order, text);
	if (r == 0 && device->state == DEVICE_TRUSTED)
		r = store_device_set_state(store, device->id, DEVICE_SUSPENDED, "the device",
			"wiped as ordered", act.time_ms);
	else if (r == 0)
		r = store_device_set_word(store, device->id, device->word + 1);
	if (r == 0)
		r = store_notice_add(store, device->id);
	if (r == 0)
		r = note_rest(store, device, receipt, act.time_ms);
	return r == 0 ? audit_note(store, &act) : r;
}

int wipe_receipt_take(struct store *store, const struct console_who *who, const void *bytes,
	size_t size, struct store_device *ret_device, bool *ret_is_changed, uint16_t *ret_refusal)
{
	static struct identity identity; /* too large for the stack, as the next two */
	static struct wipe_receipt receipt;
	static char text[STORE_ORDER_RECEIPT_SIZE];
	struct store_order order;
	int r;

	*ret_is_changed = false;
	r = identify(store, who->certificate, who->address, &identity, ret_refusal);
	*ret_device = identity.device;
	if (r < 0 || !identity.device.id || *ret_refusal == REFUSAL_CERTIFICATE_REPLACED ||
		*ret_refusal == REFUSAL_CERTIFICATE_EXPIRED)
		return r;
	*ret_refusal = REFUSAL_RECEIPT;
	if (size > WIPE_RECEIPT_MAX || !is_of(&identity, bytes, size, &receipt))
		return 0;
	r = find_order(store, &identity.device, &receipt, &order);
	if (r <= 0)
		return r;
	*ret_refusal = REFUSAL_NONE;
	if (order.done_ms)
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	r = close_order(store, &identity.device, &receipt, &order, text);
	*ret_is_changed = r == 0;
	if (r == 0)
		r = store_device_by_id(store, identity.device.id, ret_device);
	return r;
}
