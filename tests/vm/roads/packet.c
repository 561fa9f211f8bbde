/* SPDX-License-Identifier: Apache-2.0 */
/* Roads below and beside TCP and UDP: raw, ICMP, packet sockets, vsock, TUN. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "roads.h"

#define FRAME_SIZE  2048
#define FRAME_COUNT 4
#define ECHO_MAX    1024 /* bytes of content in one frame */
#define VSOCK_PORT  7777

static int address_of(const struct job *job, struct sockaddr_in *ret_address)
{
	*ret_address = (struct sockaddr_in){.sin_family = AF_INET};
	return inet_pton(AF_INET, job->target, &ret_address->sin_addr) == 1 ? 0 : -EINVAL;
}

static unsigned short checksum(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	unsigned int sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (unsigned int)(bytes[i] << 8 | bytes[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((unsigned short)~sum);
}

/* An echo request with the content as its payload. */
static size_t echo_request(const struct job *job, unsigned char *packet)
{
	struct icmphdr header = {.type = ICMP_ECHO};
	size_t size = job->size < ECHO_MAX ? job->size & ~(size_t)1 : ECHO_MAX;

	memcpy(packet + sizeof(header), job->content, size);
	memcpy(packet, &header, sizeof(header));
	header.checksum = checksum(packet, sizeof(header) + size);
	memcpy(packet, &header, sizeof(header));
	return sizeof(header) + size;
}

static int ping(struct job *job, int type, int protocol, bool is_before)
{
	unsigned char packet[sizeof(struct icmphdr) + ECHO_MAX];
	auto_close int fd = -EBADF;
	struct sockaddr_in address;
	int r = address_of(job, &address);

	if (r < 0)
		return r;
	if (is_before)
		fd = check_call(socket(AF_INET, type | SOCK_CLOEXEC, protocol));
	r = job_read(job);
	if (r < 0)
		return r;
	if (!is_before)
		fd = check_call(socket(AF_INET, type | SOCK_CLOEXEC, protocol));
	if (fd < 0)
		return fd;
	return check_call(sendto(fd, packet, echo_request(job, packet), 0,
		(struct sockaddr *)&address, sizeof(address)));
}

static int road_raw_icmp(struct job *job)
{
	return ping(job, SOCK_RAW, IPPROTO_ICMP, false);
}

static int road_raw_icmp_before(struct job *job)
{
	return ping(job, SOCK_RAW, IPPROTO_ICMP, true);
}

static int road_icmp_datagram(struct job *job)
{
	return ping(job, SOCK_DGRAM, IPPROTO_ICMP, false);
}

/* A protocol nobody knows. */
static int road_raw_protocol(struct job *job)
{
	return ping(job, SOCK_RAW, 253, true);
}

/* Argument 1 is the interface. */
static int link_address(const struct job *job, struct sockaddr_ll *ret_address)
{
	*ret_address = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_halen = ETH_ALEN,
	};
	if (!job->arg[0])
		return -EINVAL;
	ret_address->sll_ifindex = (int)if_nametoindex(job->arg[0]);
	memset(ret_address->sll_addr, 0xff, ETH_ALEN);
	return ret_address->sll_ifindex ? 0 : -ENOENT;
}

static int packet_send(struct job *job, bool is_before)
{
	auto_close int fd = -EBADF;
	struct sockaddr_ll address;
	size_t size;
	int r = link_address(job, &address);

	if (r < 0)
		return r;
	if (is_before)
		fd = check_call(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP)));
	r = job_read(job);
	if (r < 0)
		return r;
	if (!is_before)
		fd = check_call(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP)));
	if (fd < 0)
		return fd;
	size = job->size < ECHO_MAX ? job->size : ECHO_MAX;
	return check_call(
		sendto(fd, job->content, size, 0, (struct sockaddr *)&address, sizeof(address)));
}

static int road_packet(struct job *job)
{
	return packet_send(job, false);
}

static int road_packet_before(struct job *job)
{
	return packet_send(job, true);
}

/* The ring is mapped before the read; send(2) only says that something is in it. */
static int road_packet_ring(struct job *job)
{
	auto_close int fd = -EBADF;
	struct tpacket_req request = {
		.tp_block_size = FRAME_SIZE * FRAME_COUNT,
		.tp_block_nr = 1,
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = FRAME_COUNT,
	};
	struct sockaddr_ll address;
	struct tpacket_hdr *frame;
	unsigned char *ring;
	int r = link_address(job, &address);

	if (r < 0)
		return r;
	fd = check_call(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request)))
		return -errno;
	ring = mmap(NULL, FRAME_SIZE * FRAME_COUNT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		return -errno;
	r = job_read(job);
	if (r < 0)
		return r;
	frame = (struct tpacket_hdr *)ring;
	frame->tp_len = (unsigned int)(job->size < ECHO_MAX ? job->size : ECHO_MAX);
	memcpy(ring + TPACKET_HDRLEN - sizeof(struct sockaddr_ll), job->content, frame->tp_len);
	frame->tp_status = TP_STATUS_SEND_REQUEST;
	return check_call(sendto(fd, NULL, 0, 0, (struct sockaddr *)&address, sizeof(address)));
}

/* Another address space than the internet's; the host of a virtual machine listens there. */
static int road_vsock(struct job *job)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = VSOCK_PORT,
	};
	auto_close int listener = -EBADF, fd = -EBADF;
	int r;

	listener = check_call(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (listener < 0)
		return listener;
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1))
		return errno == EADDRNOTAVAIL ? -EAFNOSUPPORT : -EIO;
	r = job_read(job);
	if (r < 0)
		return r;
	fd = check_call(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return errno == ENODEV ? -EAFNOSUPPORT : -errno;
	return check_call(send(fd, job->content, job->size, 0));
}

/* A whole network interface behind a character device; argument 1 is its name. */
static int road_tun(struct job *job)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	unsigned char packet[20 + ECHO_MAX] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 253};
	auto_close int fd = check_call(open("/dev/net/tun", O_RDWR | O_CLOEXEC)), up = -EBADF;
	size_t size;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? -ENODEV : fd;
	if (ioctl(fd, TUNSETIFF, &request))
		return -errno;
	up = check_call(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (up < 0 || ioctl(up, SIOCSIFFLAGS, &request))
		return -errno;
	r = job_read(job);
	if (r < 0)
		return r;
	size = job->size < ECHO_MAX ? job->size : ECHO_MAX;
	memcpy(packet + 20, job->content, size);
	packet[2] = (unsigned char)((size + 20) >> 8);
	packet[3] = (unsigned char)(size + 20);
	return write_all(fd, packet, size + 20);
}

const struct road roads_packet[] = {
	{"raw-icmp", road_raw_icmp, false},
	{"raw-icmp-before", road_raw_icmp_before, false},
	{"raw-protocol", road_raw_protocol, false},
	{"icmp-datagram", road_icmp_datagram, false},
	{"packet", road_packet, false},
	{"packet-before", road_packet_before, false},
	{"packet-ring", road_packet_ring, false},
	{"vsock", road_vsock, false},
	{"tun", road_tun, false},
	{0},
};
