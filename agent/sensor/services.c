/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sensor/services.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sensor/sensor.h"
#include "common/log.h"

void sensor_services_clear(struct sensor_services *services)
{
	free(services->dests);
	*services = (struct sensor_services){0};
}

int sensor_services_add(struct sensor_services *services, struct bytes_reader *payload)
{
	uint8_t flags = bytes_get_u8(payload);
	uint64_t shut = bytes_get_u64(payload), rehearse = bytes_get_u64(payload);
	uint32_t count = bytes_get_u32(payload);
	struct kernel_dest *larger;

	if (flags & MESSAGE_SERVICES_FIRST)
		sensor_services_clear(services);
	if (payload->is_bad || count > MESSAGE_DEST_MAX ||
		services->count + count > HF_SERVICES_MAX)
		return -EBADMSG;
	services->shut = shut;
	services->rehearse = rehearse;
	larger = reallocarray(services->dests, services->count + count + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	services->dests = larger;
	for (uint32_t i = 0; i < count; i++) {
		struct kernel_dest *dest = &services->dests[services->count++];

		bytes_get_blob(payload, &dest->key, sizeof(dest->key));
		bytes_get_blob(payload, &dest->value, sizeof(dest->value));
	}
	return flags & MESSAGE_SERVICES_LAST ? 1 : 0;
}

void services_on_message(struct sensor *sensor, struct bytes_reader *payload)
{
	struct sensor_services *services = sensor->coming ? &sensor->coming->services
							  : &sensor->services;
	uint64_t serial = bytes_get_u64(payload);
	struct kernel_services all;
	int r;

	r = sensor_services_add(services, payload);
	if (r < 0)
		fatal("broken services from the engine: %s, stopping", strerror(-r));
	/* Of a policy that could not be put in force they say nothing here. */
	if (r == 0 || sensor->coming || !sensor->policy || sensor->policy->serial != serial)
		return;
	all = (struct kernel_services){
		services->dests, services->count, services->shut, services->rehearse};
	r = kernel_set_services(sensor->kernel, &all);
	if (r < 0)
		fatal("cannot write the services: %s, stopping", strerror(-r));
	sensor_services_clear(services);
}

void services_on_shut(struct sensor *sensor, struct bytes_reader *payload)
{
	uint64_t serial = bytes_get_u64(payload), shut = bytes_get_u64(payload);
	int r;

	if (!bytes_is_done(payload) || !sensor->policy || sensor->policy->serial != serial)
		return; /* fatal in link_on_message; or nothing of it is in the kernel */
	r = kernel_set_shut(sensor->kernel, shut);
	if (r < 0)
		fatal("cannot write which services are shut: %s, stopping", strerror(-r));
}
