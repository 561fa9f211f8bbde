/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What is sent over a stream, as the kernel has copied it: nobody changes it any more. Pieces of memory
 * in their order, and where in a request or an answer a stream is over many of them.
 */
#ifndef HOLDFAST_BPF_STREAM_H
#define HOLDFAST_BPF_STREAM_H

#include "state.bpf.h"

#ifndef HF_BASELINE

#define STREAM_STEPS 65536 /* more than there are bytes in one copy: SKB_MAX_ALLOC and 32 KiB */
#define PAGE_SHIFT   12

/* Where x86-64 has its table of pages, and all memory (arch/x86/include/asm/page_64.h). */
extern const void vmemmap_base __ksym __weak;
extern const void page_offset_base __ksym __weak;

/* skb_frag_t, under whichever names (include/linux/skbuff.h). */
struct fragment {
	__u64 page;
	__u32 size;
	__u32 offset;
};

static __always_inline void copied_begin(struct sk_buff *skb, struct hf_copied *ret_copied)
{
	struct skb_shared_info *shared;

	*ret_copied = (struct hf_copied){};
	ret_copied->at = (__u64)BPF_CORE_READ(skb, data);
	ret_copied->left = BPF_CORE_READ(skb, len) - BPF_CORE_READ(skb, data_len);
	shared = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	ret_copied->shared = (__u64)shared;
	if (BPF_CORE_READ(skb, data_len))
		ret_copied->count = BPF_CORE_READ(shared, nr_frags);
}

static __always_inline __u64 page_address(__u64 page)
{
	__u64 table = 0, memory = 0;

	if (!&vmemmap_base || !&page_offset_base)
		return 0;
	bpf_probe_read_kernel(&table, sizeof(table), &vmemmap_base);
	bpf_probe_read_kernel(&memory, sizeof(memory), &page_offset_base);
	return (((page - table) / bpf_core_type_size(struct page)) << PAGE_SHIFT) + memory;
}

/* False when there is no other piece, or none that can be reached. */
static __always_inline bool copied_next(struct hf_copied *copied)
{
	struct fragment fragment = {};
	__u64 at;

	if (copied->next >= copied->count)
		return false;
	at = copied->shared + bpf_core_field_offset(struct skb_shared_info, frags) +
	     copied->next * sizeof(fragment);
	copied->next++;
	if (bpf_probe_read_kernel(&fragment, sizeof(fragment), (const void *)at))
		return false;
	at = page_address(fragment.page);
	copied->is_unread |= !at;
	copied->at = at + fragment.offset;
	copied->left = fragment.size;
	return at;
}

#include "stream_step.bpf.h"

/* False: another thread is sending over the same connection, so that its order is not known. */
static __always_inline bool stream_begin(struct hf_stream *stream, struct sk_buff *skb)
{
	if (__sync_lock_test_and_set(&stream->is_busy, 1))
		return false;
	stream->found = 0;
	stream->is_lost = 0;
	copied_begin(skb, &stream->copied);
	return true;
}

/* Where the next request begins is known: false when it is not. */
static __always_inline bool stream_end(struct hf_stream *stream)
{
	bool is_known = !stream->is_lost && !stream->copied.is_unread;

	__sync_lock_test_and_set(&stream->is_busy, 0);
	return is_known;
}

/* All of a copy, step by step. False: where the next request begins is not known. */
static __always_inline bool stream_requests(struct stream_walk *walk, struct sk_buff *skb,
	long (*step)(__u32 index, struct stream_walk *walk))
{
	if (!stream_begin(&walk->end->stream, skb))
		return false;
	repeat(STREAM_STEPS, step, walk);
	return stream_end(&walk->end->stream);
}

#endif
#endif
