#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "mm/addr/addr.h"
#include "mm/paging/page_table.h"

/*
 * What a table maps, as one number: the same where two tables map the same pages in the same way,
 * wherever their own frames lie. Accessed and dirty flags are left out: CPUs set them when they
 * like.
 */

BEGIN_C_DECLS

struct table_hash {
    uint64_t value;
    uint64_t leaf_count;
};

constexpr struct table_hash TABLE_HASH_EMPTY = {0xcbf29ce484222325, 0}; /* FNV-1a's offset basis */

static inline void table_hash_word(struct table_hash *hash, uint64_t word) {
    constexpr uint64_t fnv_prime = 0x100000001b3;
    for (unsigned byte = 0; byte < sizeof word; byte++) {
        hash->value = (hash->value ^ (word >> (8 * byte) & 0xff)) * fnv_prime;
    }
}

/* Adds one entry; entries are added in ascending order, as page_table_for_each visits them. */
static inline void table_hash_add(struct table_hash *hash, virt_addr_t va,
                                  const struct page_query *entry) {
    bool is_mapped = entry->kind == PAGE_MAPPED;
    table_hash_word(hash, va.value);
    table_hash_word(hash, entry->pa.value);
    table_hash_word(hash, entry->kind);
    table_hash_word(hash, entry->level);
    table_hash_word(hash, entry->is_owned);
    table_hash_word(hash, is_mapped ? entry->attributes.rights : 0);
    table_hash_word(hash, is_mapped ? entry->attributes.cache : 0);
    table_hash_word(hash, is_mapped ? entry->attributes.protection_key : 0);
    hash->leaf_count++;
}

END_C_DECLS
