/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration and the certificate lead to. Each can come while the process runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/uplink/keyring_client.h"
#include "agent/uplink/uplink.h"
#include "common/boot.h"
#include "common/hex.h"
#include "common/log.h"
#include "policy/bundle.h"

#define ANSWER_MAX	       (256 << 10)
#define SILENCE_SECONDS	       60
#define POLICY_SILENCE_SECONDS 90 /* the console is silent while it waits */

static int64_t changed_at(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return 0;
	return (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}

static void exchanges_make(struct uplink *uplink)
{
	struct exchange_plan plan = {.network = uplink->network,
		.config = &uplink->config,
		.answer_max = ANSWER_MAX,
		.silence_s = SILENCE_SECONDS};

	exchange_free(uplink->exchange);
	exchange_free(uplink->policy_exchange);
	uplink->exchange = exchange_new(&plan);
	plan.answer_max = BUNDLE_SIZE_MAX;
	plan.silence_s = POLICY_SILENCE_SECONDS;
	uplink->policy_exchange = exchange_new(&plan);
	if (!uplink->exchange || !uplink->policy_exchange)
		fatal("no memory, stopping");
}

/* Somebody wrote the configuration after a refusal: this is to be another device. */
static void begin_anew(struct uplink *uplink)
{
	feed_free(take_ptr(uplink->feed));
	spool_free(take_ptr(uplink->spool)); /* syncs; its directory stays */
	identity_done(&uplink->identity);
	uplink->has_ack = false;
	uplink->is_anew = true;
	uplink->standing = STANDING_UNENROLLED;
	uplink->lease = (struct uplink_lease){0};
	network_identify(uplink->network, NULL, 0);
}

void setup_config(struct uplink *uplink)
{
	int64_t changed = changed_at(uplink->config_path);
	char error[CONFIG_ERROR_SIZE];
	struct config config;
	int r;

	if (changed == uplink->config_changed || uplink->errand != ERRAND_NONE)
		return;
	uplink->config_changed = changed;
	r = config_read(uplink->config_path, &config, error);
	if (r < 0) {
		log_error("%s%s, %s", error[0] ? error : uplink->config_path,
			error[0] ? "" : strerror(-r),
			uplink->has_config ? "going on with what was in force"
					   : "waiting for a good one");
		(void)snprintf(uplink->trouble, sizeof(uplink->trouble), "%s",
			error[0] ? error : strerror(-r));
		return;
	}
	uplink->config = config;
	uplink->has_config = true;
	exchanges_make(uplink);
	if (uplink->standing == STANDING_REFUSED || uplink->key.trouble[0])
		begin_anew(uplink);
	uplink->ask_ns = 0;
	log_info("%u consoles, the first is '%s'", config.console_count, config.consoles[0]);
}

static int sign_segment(const void *bytes, size_t size, uint8_t *ret_signature,
	size_t *ret_signature_size, void *userdata)
{
	int r = keyring_sign(KEYRING_SEGMENT, KEYRING_CURRENT, bytes, size, ret_signature,
		SEGMENT_SIGNATURE_MAX);

	(void)userdata;
	if (r < 0)
		return r;
	*ret_signature_size = (size_t)r;
	return 0;
}

/* One directory for each device that this machine ever was: what an earlier one left stays apart. */
static int spool_directory(const struct uplink *uplink, char *ret_path, size_t size)
{
	char uid[2 * SEGMENT_UID_SIZE + 1];
	char spools[PATH_MAX];

	hex_write(uplink->identity.device_uid, SEGMENT_UID_SIZE, uid);
	if (snprintf(spools, sizeof(spools), "%s/spool", uplink->state_directory) >=
			(int)sizeof(spools) ||
		snprintf(ret_path, size, "%s/%s", spools, uid) >= (int)size)
		return -ENAMETOOLONG;
	if ((mkdir(spools, 0700) < 0 && errno != EEXIST) ||
		(mkdir(ret_path, 0700) < 0 && errno != EEXIST))
		return -errno;
	return 0;
}

void setup_spool(struct uplink *uplink)
{
	struct spool_options options = {.sign = sign_segment};
	char path[PATH_MAX];
	int r;

	if (uplink->spool || !uplink->identity.chain_count || !uplink->identity.has_console_key)
		return;
	memcpy(options.device_uid, uplink->identity.device_uid, sizeof(options.device_uid));
	memcpy(options.console_key, uplink->identity.console_key, sizeof(options.console_key));
	(void)boot_id_read(options.boot_uid); /* zeros: then boots are not told apart */
	r = spool_directory(uplink, path, sizeof(path));
	if (r == 0)
		r = spool_open(path, &options, &uplink->spool);
	uplink->spool_error = r;
	if (r < 0) {
		log_error("cannot open the spool in '%s': %s, trying again; events stay in the log",
			uplink->state_directory, strerror(-r));
		return;
	}
	uplink->feed = feed_new(uplink->reader, uplink->spool);
	if (!uplink->feed)
		fatal("no memory, stopping");
}
