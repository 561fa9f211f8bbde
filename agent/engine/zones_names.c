/* SPDX-License-Identifier: Apache-2.0 */
/* What the names of services and beacons stood for, now and in the last day. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/zones_private.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "policy/address.h"

#define NAMES_FILE "services.names" /* in the state directory: lines of a name and an address */
#define LINE_SIZE  (SCOUT_NAME_SIZE + INET6_ADDRSTRLEN + 2)
#define KEPT_NS	   (86400 * CLOCK_SECOND_NS) /* so long an address counts that a name had */

static bool is_address(const char *host, uint8_t ret_address[16])
{
	struct policy_prefix prefix;

	if (strchr(host, '/') || policy_prefix_parse(host, &prefix) != POLICY_ADDRESS_OK)
		return false;
	memcpy(ret_address, prefix.address, sizeof(prefix.address));
	return true;
}

static void name_add(struct scout_want *want, const char *name)
{
	uint8_t address[16];

	if (is_address(name, address) || want->name_count >= SCOUT_NAME_MAX)
		return;
	for (size_t i = 0; i < want->name_count; i++)
		if (!strcmp(want->names[i], name))
			return;
	(void)snprintf(want->names[want->name_count++], SCOUT_NAME_SIZE, "%s", name); /* fits */
}

void names_fill(const struct engine *engine, struct scout_want *ret_want)
{
	const struct policy_compiled *policy = engine->policy;

	ret_want->name_count = 0;
	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].names.count; j++)
			name_add(ret_want, policy->services[i].names.items[j].text);
	for (size_t i = 0; i < policy->zone_count; i++)
		for (size_t j = 0; j < policy->zones[i].beacon_count; j++)
			name_add(ret_want, policy->zones[i].beacons[j].host);
}

/* True when it is a new one. */
static bool address_add(struct zones *zones, const char *name, const uint8_t address[16])
{
	struct zones_address *larger;

	for (size_t i = 0; i < zones->address_count; i++) {
		struct zones_address *known = &zones->addresses[i];

		if (strcmp(known->name, name) != 0 ||
			memcmp(known->address, address, sizeof(known->address)) != 0)
			continue;
		known->seen_ns = clock_boot_ns();
		return false;
	}
	if (zones->address_count >= ZONES_RESOLVED_MAX)
		return false;
	larger = reallocarray(
		zones->addresses, zones->address_count + 1, sizeof(*zones->addresses));
	if (!larger)
		return false;
	zones->addresses = larger;
	larger = &zones->addresses[zones->address_count++];
	(void)snprintf(larger->name, sizeof(larger->name), "%s", name);
	memcpy(larger->address, address, sizeof(larger->address));
	larger->seen_ns = clock_boot_ns();
	return true;
}

/* So that after a restart of the engine services are where they were, before scout has asked anew. */
static void names_save(const struct engine *engine)
{
	const struct zones *zones = engine->zones;
	struct file_content content = {.mode = 0600, .group = FILE_GROUP_NONE};
	auto_free char *text = malloc(zones->address_count * LINE_SIZE + 1);
	auto_close int fd = open(engine->state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = -ENOMEM;

	for (size_t i = 0; text && i < zones->address_count; i++) {
		char address[INET6_ADDRSTRLEN] = "";

		(void)inet_ntop(AF_INET6, zones->addresses[i].address, address, sizeof(address));
		content.size += (size_t)snprintf(text + content.size, LINE_SIZE, "%s %s\n",
			zones->addresses[i].name, address);
	}
	content.bytes = text;
	if (text)
		r = fd < 0 ? -errno : file_replace(fd, NAMES_FILE, &content);
	if (r < 0)
		log_warning("cannot write '%s/" NAMES_FILE "': %s, going on",
			engine->state_directory, strerror(-r));
}

void names_load(struct engine *engine)
{
	auto_close int directory_fd = open(
		engine->state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = directory_fd < 0 ? -EBADF
					     : openat(directory_fd, NAMES_FILE,
						       O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free char *text = NULL;
	char *next, *line;
	size_t size;

	if (fd < 0 || file_read_all(fd, (size_t)ZONES_RESOLVED_MAX * LINE_SIZE, &text, &size) < 0)
		return; /* none was ever kept; scout asks */
	for (next = text; (line = strsep(&next, "\n"));) {
		char *space = strchr(line, ' ');
		uint8_t address[16];

		if (!space)
			continue;
		*space = '\0';
		if (strlen(line) < SCOUT_NAME_SIZE && inet_pton(AF_INET6, space + 1, address) == 1)
			(void)address_add(engine->zones, line, address); /* seen now: a day more */
	}
}

void names_on_name(struct engine *engine, const struct scout_name *name)
{
	struct zones *zones = engine->zones;

	bool is_new = false;

	for (size_t i = 0; i < name->count; i++)
		is_new |= address_add(zones, name->name, name->addresses[i]);
	if (!is_new)
		return;
	zones->is_table_old = true;
	names_save(engine);
}

void names_tick(struct engine *engine)
{
	struct zones *zones = engine->zones;
	uint64_t now = clock_boot_ns();

	for (size_t i = 0; i < zones->address_count;) {
		if (now - zones->addresses[i].seen_ns < KEPT_NS) {
			i++;
			continue;
		}
		zones->addresses[i] = zones->addresses[--zones->address_count];
		zones->is_table_old = true;
	}
}

static bool has_name(const struct policy_service *service, const char *name)
{
	for (size_t i = 0; i < service->names.count; i++)
		if (!strcmp(service->names.items[i].text, name))
			return true;
	return false;
}

struct zone_resolved *names_resolved(const struct engine *engine, size_t *ret_count)
{
	const struct zones *zones = engine->zones;
	struct zone_resolved *resolved;
	size_t count = 0;

	*ret_count = 0;
	if (!zones->address_count)
		return NULL;
	resolved = calloc(ZONES_RESOLVED_MAX, sizeof(*resolved));
	for (size_t i = 0; resolved && i < engine->policy->service_count; i++)
		for (size_t j = 0; j < zones->address_count && count < ZONES_RESOLVED_MAX; j++) {
			if (!has_name(&engine->policy->services[i], zones->addresses[j].name))
				continue;
			resolved[count].service = i;
			memcpy(resolved[count++].address, zones->addresses[j].address, 16);
		}
	*ret_count = count;
	return resolved;
}

size_t names_addresses(
	const struct zones *zones, const char *host, uint8_t (*ret_addresses)[16], size_t most)
{
	size_t count = 0;

	if (most && is_address(host, ret_addresses[0]))
		return 1;
	for (size_t i = 0; i < zones->address_count && count < most; i++)
		if (!strcmp(zones->addresses[i].name, host))
			memcpy(ret_addresses[count++], zones->addresses[i].address, 16);
	return count;
}
