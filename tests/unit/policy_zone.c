/* SPDX-License-Identifier: Apache-2.0 */
/* [zone], [service] and the labels' zone key: what is wrong, what holds, and what the kernel gets. */
#include <arpa/inet.h>

#include "policy/address.h"
#include "policy/explain.h"
#include "policy/zone.h"
#include "tests/unit/policy_fixture.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
/* clang-format off */
#define ZONES							  \
	"[label near]\ntenant = acme\nzone = office, away\n"	  /* 12-14 */ \
	"[zone office]\ntitle = the office\n"			  /* 15-16 */ \
	"address = 10.20.0.0/16, 2001:db8:20::/48\n"		  /* 17 */ \
	"gateway = 10.20.0.1 00:11:22:33:44:55, 10.20.0.2\n"	  /* 18 */ \
	"dns-suffix = corp.example\n"				  /* 19 */ \
	"[zone away]\nvpn = wireguard, tun7\n"			  /* 20-21 */ \
	"beacon = 10.20.0.9:4750 " KEY "\n"			  /* 22 */ \
	"[service mail]\naddress = 10.20.5.0/24\nport = 25, 993\n" /* 23-25 */ \
	"zone = office, away\ntext = Use the VPN.\n"		  /* 26-27 */ \
	"[service drive]\naddress = 10.20.5.7, 2001:db8:20:5::/64\n" /* 28-29 */ \
	"name = drive.example\nzone = away\nmode = rehearse\n"	  /* 30-32 */
/* clang-format on */

enum { OFFICE, AWAY };
enum { MAIL, DRIVE };

static void address_of(const char *text, uint8_t ret_address[16])
{
	struct policy_prefix prefix;

	cr_assert_eq(policy_prefix_parse(text, &prefix), POLICY_ADDRESS_OK);
	memcpy(ret_address, prefix.address, 16);
}

/* All that the office wants. */
static struct zone_facts *facts_of_office(void)
{
	struct zone_facts *facts = calloc(1, sizeof(*facts));

	cr_assert(facts);
	facts->is_known = true;
	facts->address_count = 1;
	address_of("10.20.3.4", facts->addresses[0]);
	facts->gateway_count = 1;
	facts->gateways[0] = (struct zone_gateway){
		.mac = {0, 0x11, 0x22, 0x33, 0x44, 0x55}, .has_mac = true};
	address_of("10.20.0.1", facts->gateways[0].address);
	facts->suffix_count = 1;
	strcpy(facts->suffixes[0], "hq.corp.example");
	return facts;
}

static struct zone_state evaluate(
	const struct policy_compiled *policy, const struct zone_facts *facts)
{
	struct zone_state state;

	policy_zones_evaluate(policy, facts, &state);
	return state;
}

static void expect_unmet(const struct policy_compiled *policy, const struct zone_facts *facts,
	unsigned int zone, unsigned int unmet)
{
	struct zone_state state = evaluate(policy, facts);

	cr_expect_eq(state.unmet[zone], unmet, "%u: %x", zone, state.unmet[zone]);
	cr_expect_eq(state.present >> zone & 1, !unmet);
}

Test(policy_zone, every_condition_of_the_office_counts)
{
	struct policy_compiled *policy = fixture_compile(GOOD ZONES);
	struct zone_facts *facts = facts_of_office(), *other = calloc(1, sizeof(*other));

	cr_assert(other);
	expect_unmet(policy, facts, OFFICE, 0);
	*other = *facts;
	address_of("10.21.3.4", other->addresses[0]);
	expect_unmet(policy, other, OFFICE, 1U << ZONE_ADDRESS);
	address_of("2001:db8:20:1::9", other->addresses[0]);
	expect_unmet(policy, other, OFFICE, 0);
	*other = *facts;
	other->gateways[0].mac[5]++;
	expect_unmet(policy, other, OFFICE, 1U << ZONE_GATEWAY);
	other->gateways[0].has_mac = false;
	expect_unmet(policy, other, OFFICE, 1U << ZONE_GATEWAY);
	address_of(
		"10.20.0.2", other->gateways[0].address); /* no hardware address is asked of it */
	expect_unmet(policy, other, OFFICE, 0);
	*other = *facts;
	strcpy(other->suffixes[0], "evilcorp.example");
	expect_unmet(policy, other, OFFICE, 1U << ZONE_SUFFIX);
	strcpy(other->suffixes[0], "corp.example");
	expect_unmet(policy, other, OFFICE, 0);
	*other = (struct zone_facts){.is_known = true};
	expect_unmet(
		policy, other, OFFICE, 1U << ZONE_ADDRESS | 1U << ZONE_GATEWAY | 1U << ZONE_SUFFIX);
	free(other);
	free(facts);
	policy_compiled_free(policy);
}

Test(policy_zone, what_is_not_known_does_not_hold)
{
	struct policy_compiled *policy = fixture_compile(GOOD ZONES);
	struct zone_facts *facts = facts_of_office();

	facts->is_known = false;
	cr_expect_eq(evaluate(policy, facts).present, 0);
	free(facts);
	policy_compiled_free(policy);
}

Test(policy_zone, a_vpn_is_a_tunnel_and_a_beacon_one_of_that_zone)
{
	struct policy_compiled *policy = fixture_compile(GOOD ZONES);
	struct zone_facts *facts = calloc(1, sizeof(*facts));

	cr_assert(facts);
	facts->is_known = true;
	facts->link_count = 1;
	facts->links[0] = (struct zone_link){"anything", "wireguard"};
	expect_unmet(policy, facts, AWAY, 1U << ZONE_BEACON);
	facts->beacons[OFFICE] = 1;
	expect_unmet(policy, facts, AWAY, 1U << ZONE_BEACON);
	facts->beacons[AWAY] = 1;
	expect_unmet(policy, facts, AWAY, 0);
	facts->links[0] = (struct zone_link){"tun7", "tun"};
	expect_unmet(policy, facts, AWAY, 0);
	facts->links[0] = (struct zone_link){"tun8", "tun"};
	expect_unmet(policy, facts, AWAY, 1U << ZONE_VPN);
	facts->links[0] = (struct zone_link){"tun7", "dummy"};
	expect_unmet(policy, facts, AWAY, 1U << ZONE_VPN);
	facts->links[0] = (struct zone_link){"wireguard", ""};
	expect_unmet(policy, facts, AWAY, 1U << ZONE_VPN);
	free(facts);
	policy_compiled_free(policy);
}

Test(policy_zone, labels_and_services_by_zones)
{
	struct policy_compiled *policy = fixture_compile(GOOD ZONES);
	uint64_t near = UINT64_C(1) << policy_label_of_name(policy, "near");

	cr_expect_eq(policy_zones_labels(policy, 0), near);
	cr_expect_eq(policy_zones_labels(policy, 1U << OFFICE), 0);
	cr_expect_eq(policy_zones_labels(policy, 1U << AWAY), 0);
	cr_expect_eq(policy_zones_services(policy, 0), 1U << MAIL | 1U << DRIVE);
	cr_expect_eq(policy_zones_services(policy, 1U << OFFICE), 1U << DRIVE);
	cr_expect_eq(policy_zones_services(policy, 1U << AWAY), 0);
	cr_expect_eq(policy->services_rehearsed, 1U << DRIVE);
	policy_compiled_free(policy);
}

/* As bpf/service.bpf.h does it: the longest prefix alone. */
static uint64_t look_up(const struct zone_table *table, const char *where, uint16_t port)
{
	struct policy_prefix inner = {.prefix_bits = 128}, outer;
	const struct hf_dest *found = NULL;
	uint32_t longest = 0;
	uint64_t services = 0;

	address_of(where, inner.address);
	for (size_t i = 0; i < table->count; i++) {
		const struct hf_dest_key *key = &table->dests[i].key;

		outer.prefix_bits = key->prefixlen;
		memcpy(outer.address, key->address, 16);
		if (key->prefixlen >= longest && policy_prefix_contains(&outer, &inner)) {
			longest = key->prefixlen;
			found = &table->dests[i].dest;
		}
	}
	for (size_t i = 0; found && i < HF_DEST_SLOTS; i++)
		if (port >= found->port_first[i] && port <= found->port_last[i])
			services |= found->allow[i];
	return services;
}

Test(policy_zone, the_table_and_the_answer_agree)
{
	static const char *const addresses[] = {"10.20.5.7", "10.20.5.8", "10.20.6.1", "10.99.0.1",
		"2001:db8:20:5::1", "2001:db8:21::1"};
	static const uint16_t ports[] = {0, 24, 25, 26, 993, 65535};
	struct policy_compiled *policy = fixture_compile(GOOD ZONES);
	struct zone_resolved resolved = {.service = DRIVE};
	struct zone_table table;

	address_of("10.99.0.1", resolved.address);
	cr_assert_eq(policy_services_table(policy, &resolved, 1, &table), 0);
	cr_expect_eq(table.crowded, SIZE_MAX);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		for (size_t j = 0; j < sizeof(ports) / sizeof(ports[0]); j++) {
			uint8_t address[16];

			address_of(addresses[i], address);
			cr_expect_eq(look_up(&table, addresses[i], ports[j]),
				policy_services_at(policy, &resolved, 1, address, ports[j]),
				"%s port %u", addresses[i], ports[j]);
		}
	cr_expect_eq(look_up(&table, "10.20.5.7", 993), 1U << MAIL | 1U << DRIVE);
	cr_expect_eq(look_up(&table, "10.20.5.7", 80), 1U << DRIVE);
	cr_expect_eq(look_up(&table, "10.20.5.8", 80), 0);
	cr_expect_eq(look_up(&table, "10.99.0.1", 80), 1U << DRIVE);
	cr_expect_eq(look_up(&table, "2001:db8:20:5::1", 80), 1U << DRIVE);
	free(table.dests);
	policy_compiled_free(policy);
}

Test(policy_zone, why_not_is_said)
{
	struct policy_compiled *policy = fixture_compile(GOOD ZONES);
	char text[512];

	policy_zone_unmet(
		policy, OFFICE, 1U << ZONE_ADDRESS | 1U << ZONE_GATEWAY, text, sizeof(text));
	cr_expect_str_eq(text,
		"no address of this device is in 10.20.0.0/16 or 2001:db8:20::/48; no "
		"default route goes by 10.20.0.1 00:11:22:33:44:55 or 10.20.0.2");
	policy_zone_unmet(policy, AWAY, 1U << ZONE_VPN | 1U << ZONE_BEACON, text, sizeof(text));
	cr_expect_str_eq(
		text, "no VPN is up: wireguard or tun7; no beacon has answered: 10.20.0.9:4750");
	policy_zone_unmet(policy, OFFICE, 0xff, text, 8);
	cr_expect_str_eq(text, "no addr");
	policy_zone_names(policy, 3, text, sizeof(text));
	cr_expect_str_eq(text, "the office or away");
	policy_compiled_free(policy);
}

static unsigned int lines_with(const struct policy_answer *answer, const char *words)
{
	unsigned int count = 0;

	for (size_t i = 0; i < answer->count; i++)
		count += strstr(answer->lines[i], words) != NULL;
	return count;
}

Test(policy_zone, explain_says_it)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD ZONES "[label x]\ntenant = acme\npath = /srv/x\nzone = office\n");
	struct policy_question question = {.app = "vim",
		.path = "/srv/x/a",
		.channel = HF_CHANNEL_NETWORK,
		.has_destination = true,
		.port = 993,
		.destination = "10.20.5.7:993"};
	struct policy_answer answer = {0};

	address_of("10.20.5.7", question.address);
	cr_assert_eq(policy_explain(policy, &question, &answer), 0);
	cr_expect_eq(lines_with(&answer, "label x: readable only in the office (test.ini:36)"), 1);
	cr_expect_eq(lines_with(&answer, "10.20.5.7:993 is service mail: reachable only from the "
					 "office or away, by whatever program (test.ini:23)"),
		1);
	cr_expect_eq(lines_with(&answer, "is service drive: reachable only from away, by whatever "
					 "program; mode = rehearse"),
		1);
	policy_answer_done(&answer);
	question.path = "/srv/finance/a";
	question.has_destination = false;
	cr_assert_eq(policy_explain(policy, &question, &answer), 0);
	cr_expect_eq(lines_with(&answer, "readable only"), 0);
	cr_expect_eq(lines_with(&answer, "service"), 0);
	policy_answer_done(&answer);
	policy_compiled_free(policy);
}

/* What stands behind it is line 12. */
static void expect_problem(const char *section, unsigned int line, const char *words)
{
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	char text[8192];

	(void)snprintf(text, sizeof(text), "%s%s", GOOD, section);
	cr_assert_eq(fixture_parse(text, &problems, &policy), -EBADMSG, "%s", section);
	cr_assert_eq(problems.count, 1, "%s: %zu: %s", section, problems.count,
		problems.items[0].message);
	cr_expect_eq(problems.items[0].line, line, "%s: %u", section, problems.items[0].line);
	cr_expect(strstr(problems.items[0].message, words), "%s", problems.items[0].message);
	policy_problems_done(&problems);
}

#define USE "[service s]\naddress = 10.0.0.1\nzone = z\n" /* 12-14 */

Test(policy_zone, what_is_wrong_is_said)
{
	expect_problem(USE "[zone z]\n", 15, "[zone z] without a condition");
	expect_problem(
		USE "[zone z]\nvpn = tun\naddress = 10.0.0.1/8\n", 17, "has bits past its prefix");
	expect_problem(USE "[zone z]\naddress = 10.0.0.1\ngateway = 10.0.0.0/8\n", 17,
		"expected an address, a hardware address, or both");
	expect_problem(
		USE "[zone z]\naddress = 10.0.0.1\ngateway = 00:11:22:33:44\n", 17, "gateway");
	expect_problem(USE "[zone z]\naddress = 10.0.0.1\ngateway = 00:11:22:33:44:55 10.0.0.1\n",
		17, "gateway");
	expect_problem(USE "[zone z]\naddress = 10.0.0.1\ndns-suffix = .corp\n", 17, "dns-suffix");
	expect_problem(
		USE "[zone z]\naddress = 10.0.0.1\ndns-suffix = 10.0.0.1\n", 17, "is an address");
	expect_problem(USE "[zone z]\naddress = 10.0.0.1\nvpn = interface-too-long\n", 17, "vpn");
	expect_problem(
		USE "[zone z]\naddress = 10.0.0.1\nbeacon = host " KEY "\n", 17, "beacon 'host");
	expect_problem(
		USE "[zone z]\naddress = 10.0.0.1\nbeacon = host:1 " KEY "0\n", 17, "beacon");
	expect_problem(USE "[zone z]\naddress = 10.0.0.1\nbeacon = host:0 " KEY "\n", 17, "beacon");
	expect_problem(
		USE "[zone z]\naddress = 10.0.0.1\nbeacon = [10.0.0.1]:1 " KEY "\n", 17, "beacon");
	expect_problem("[zone z]\naddress = 10.0.0.1\n", 12, "[zone z] is never used");
	expect_problem("[service s]\naddress = 10.0.0.1\nzone = z\n", 14, "unknown zone 'z'");
	expect_problem("[service s]\nzone = z\n[zone z]\nvpn = tun\n", 12,
		"[service s] without 'address' and 'name'");
	expect_problem("[service s]\naddress = 10.0.0.1\n", 12, "[service] without 'zone'");
	expect_problem("[service s]\naddress = 10.0.0.1\nname = Mail.example\nzone = z\n[zone "
		       "z]\nvpn = tun\n",
		14, "expected a name");
	expect_problem("[label l]\ntenant = acme\nzone = nowhere\n", 14, "unknown zone 'nowhere'");
}

Test(policy_zone, too_many_port_ranges_at_one_place)
{
	const struct policy_compiler compiler = {0};
	struct policy *policy = fixture_policy(
		GOOD "[zone z]\nvpn = tun\n"
		     "[service a]\naddress = 10.0.0.0/8\nzone = z\nport = 1, 3, 5, 7, 9\n"
		     "[service b]\naddress = 10.1.0.0/16\nzone = z\nport = 11, 13, 15, 17\n");
	struct policy_problems problems = {0};
	struct policy_compiled *compiled = NULL;

	cr_assert_eq(policy_compile(policy, &compiler, &problems, &compiled), -EBADMSG);
	cr_assert_eq(problems.count, 1);
	cr_expect(strstr(problems.items[0].message, "more than 8 port ranges where [service b] is"),
		"%s", problems.items[0].message);
	policy_problems_done(&problems);
	policy_free(policy);
}
