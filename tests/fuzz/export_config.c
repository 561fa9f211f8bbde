/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as export.ini. What must hold: what is taken is whole, what is not is said. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "console/exporter/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct policy_problems problems = {0};
	int r = config_parse((const char *)data, size, "export.ini", &config, &problems);

	assert(r == 0 || r == -EINVAL);
	assert((r == -EINVAL) == policy_problems_any(&problems));
	assert(config.count <= EXPORT_OUTPUT_MAX);
	for (unsigned int i = 0; r == 0 && i < config.count; i++) {
		const struct config_output *output = &config.outputs[i];

		assert(config_find(&config, output->name) == output);
		assert(output->kind != CONFIG_FILE || output->path[0] == '/');
		assert(output->kind != CONFIG_SYSLOG || (output->host[0] && output->ca[0]));
		assert(output->kind != CONFIG_KAFKA || (output->brokers[0] && output->topic[0]));
		assert(output->kind != CONFIG_KAFKA || output->is_plain == !output->ca[0]);
	}
	policy_problems_done(&problems);
	return 0;
}
