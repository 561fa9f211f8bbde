/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/keyless.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"

#define DAY_MS		  86400000
#define FINDINGS_A_MINUTE 30 /* strangers who have certificates can't make more */

static int add_finding(struct store *store, const struct store_device *device, const char *address)
{
	struct store_finding finding = {.device = device->id, .time_ms = (int64_t)clock_day_ms()};

	finding.first = finding.last = (uint64_t)finding.time_ms /
				       DAY_MS; /* the same is found once */
	(void)snprintf(finding.kind, sizeof(finding.kind), "disk-in-other-machine");
	(void)snprintf(finding.text, sizeof(finding.text),
		"a machine at %.63s has this device's disk and can not use its key: a copy, or the "
		"TPM was cleared, exchanged or switched off; it is not trusted, gets no keys and "
		"opens "
		"nothing; nobody can prove this",
		address);
	return store_finding_add(store, &finding);
}

int keyless_note(struct store *store, const struct console_who *who)
{
	static struct log_limit limit = {.burst = FINDINGS_A_MINUTE};
	static struct store_certificate certificate; /* too large for the stack, as is the other */
	static struct store_device device;
	int r;

	r = store_certificate_find(store, who->certificate, &certificate);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = store_device_by_id(store, certificate.device, &device);
	if (r < 0)
		return r == -ENOENT ? -EBADMSG : r;
	if (device.state == DEVICE_REVOKED || !log_allowed(&limit))
		return 0;
	return add_finding(store, &device, who->address);
}
