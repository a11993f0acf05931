#include "mm/frame/memory_map.h"

#include <gtest/gtest.h>

#include <vector>

#include "host_tests/frame/memory_map_oracle.h"

bool operator==(const memory_region &a, const memory_region &b) {
    return a.base == b.base && a.size_bytes == b.size_bytes && a.type == b.type;
}

void PrintTo(const memory_region &region, std::ostream *out) {
    *out << std::hex << region.base << "/" << region.size_bytes << "/" << region.type;
}

namespace {

constexpr unsigned BITS = 40;

memory_region usable(uint64_t base, uint64_t size_bytes) {
    return {base, size_bytes, MEMORY_USABLE, 1};
}

memory_region of_type(uint32_t type, uint64_t base, uint64_t size_bytes) {
    return {base, size_bytes, type, 1};
}

memory_region reserved(uint64_t base, uint64_t size_bytes) {
    return of_type(MEMORY_RESERVED, base, size_bytes);
}

/* What comes out, after the oracle has looked at it. */
std::vector<memory_region> sanitise(const std::vector<memory_region> &raw, unsigned bits = BITS) {
    SanitisedMap sanitised(raw, bits);
    EXPECT_EQ(MemoryMapOracle(raw, bits).find_fault(sanitised.map, sanitised.status), "");
    sanitised.regions.resize(sanitised.map.count);
    return sanitised.regions;
}

using Regions = std::vector<memory_region>;

} // namespace

/* Maps of real machines. */

TEST(MemoryMap, OfQemuPcWith16MiBComesOutAsItIs) { // S30
    Regions raw = {usable(0, 0x9fc00),
                   reserved(0x9fc00, 0x400),
                   reserved(0xf0000, 0x10000),
                   usable(0x100000, 0xee0000),
                   reserved(0xfe0000, 0x20000),
                   reserved(0xfffc0000, 0x40000),
                   reserved(0xfd00000000, 0x300000000)};
    EXPECT_EQ(sanitise(raw),
              (Regions{usable(0, 0x9f000), reserved(0x9f000, 0x1000), reserved(0xf0000, 0x10000),
                       usable(0x100000, 0xee0000), reserved(0xfe0000, 0x20000),
                       reserved(0xfffc0000, 0x40000), reserved(0xfd00000000, 0x300000000)}));
}

TEST(MemoryMap, OfQemuPcWith20GiBKeepsTheMemoryAbove4GiB) { // S30
    Regions raw = {usable(0, 0x9fc00),
                   reserved(0x9fc00, 0x400),
                   reserved(0xf0000, 0x10000),
                   usable(0x100000, 0xbfee0000),
                   reserved(0xbffe0000, 0x20000),
                   reserved(0xfffc0000, 0x40000),
                   usable(0x100000000, 0x440000000),
                   reserved(0xfd00000000, 0x300000000)};
    SanitisedMap sanitised(raw, BITS);
    EXPECT_EQ(sanitised.status, STATUS_OK);
    EXPECT_EQ(memory_map_total(&sanitised.map, MEMORY_USABLE), 0x9f000u + 0xbfee0000 + 0x440000000);
    EXPECT_EQ(sanitise(raw).at(6), usable(0x100000000, 0x440000000));
}

TEST(MemoryMap, OfQemuQ35KeepsItsReservedWindowsApart) { // S30
    Regions raw = {usable(0, 0x9fc00),
                   reserved(0x9fc00, 0x400),
                   reserved(0xf0000, 0x10000),
                   usable(0x100000, 0x7fedf000),
                   reserved(0x7ffdf000, 0x21000),
                   reserved(0xb0000000, 0x10000000),
                   reserved(0xfed1c000, 0x4000),
                   reserved(0xfffc0000, 0x40000),
                   usable(0x100000000, 0x80000000)};
    EXPECT_EQ(sanitise(raw).size(), raw.size());
    EXPECT_EQ(sanitise(raw).at(3), usable(0x100000, 0x7fedf000));
}

TEST(MemoryMap, OfBochsKeepsItsAcpiTables) { // S30
    Regions raw = {usable(0, 0x9f000),
                   reserved(0x9f000, 0x1000),
                   reserved(0xe8000, 0x18000),
                   usable(0x100000, 0x7ef0000),
                   of_type(MEMORY_ACPI_RECLAIMABLE, 0x7ff0000, 0x10000),
                   reserved(0xfffc0000, 0x40000)};
    EXPECT_EQ(sanitise(raw), raw);
}

/* What broken BIOSes say. */

TEST(MemoryMap, UnsortedEntriesAreSortedAndNeighboursMerged) { // S30
    EXPECT_EQ(sanitise({usable(0x300000, 0x100000), usable(0x100000, 0x100000),
                        usable(0x200000, 0x100000)}),
              (Regions{usable(0x100000, 0x300000)}));
}

TEST(MemoryMap, WhereEntriesOverlapTheMoreRestrictiveTypeWins) { // S30
    Regions raw = {usable(0, 0x6000), of_type(MEMORY_ACPI_RECLAIMABLE, 0x1000, 0x5000),
                   of_type(MEMORY_ACPI_NVS, 0x2000, 0x4000), reserved(0x3000, 0x3000),
                   of_type(MEMORY_BAD, 0x4000, 0x2000)};
    Regions expected = {usable(0, 0x1000), of_type(MEMORY_ACPI_RECLAIMABLE, 0x1000, 0x1000),
                        of_type(MEMORY_ACPI_NVS, 0x2000, 0x1000), reserved(0x3000, 0x1000),
                        of_type(MEMORY_BAD, 0x4000, 0x2000)};
    EXPECT_EQ(sanitise(raw), expected);
    EXPECT_EQ(sanitise({raw.rbegin(), raw.rend()}), expected);
}

TEST(MemoryMap, AReservedPieceSplitsUsableMemory) { // S30
    EXPECT_EQ(sanitise({usable(0x100000, 0x100000), reserved(0x140000, 0x1000)}),
              (Regions{usable(0x100000, 0x40000), reserved(0x140000, 0x1000),
                       usable(0x141000, 0xbf000)}));
}

TEST(MemoryMap, UsableMemoryShrinksAndEverythingElseGrowsToWholePages) { // S29
    EXPECT_EQ(sanitise({usable(0x1001, 0x3000), reserved(0x8fff, 2)}),
              (Regions{usable(0x2000, 0x2000), reserved(0x8000, 0x2000)}));
    EXPECT_EQ(sanitise({usable(0x1000, 0x1fff), reserved(0x2fff, 1)}),
              (Regions{usable(0x1000, 0x1000), reserved(0x2000, 0x1000)}));
}

TEST(MemoryMap, UsableMemoryOfLessThanAPageIsNothing) {
    EXPECT_EQ(sanitise({usable(0x1800, 0x1000), usable(0x10000, 0x1000)}),
              (Regions{usable(0x10000, 0x1000)}));
}

TEST(MemoryMap, EmptyEntriesAreIgnored) {
    EXPECT_EQ(sanitise({usable(0, 0x10000), reserved(0x4000, 0), reserved(0x4800, 0)}),
              (Regions{usable(0, 0x10000)}));
}

TEST(MemoryMap, EntriesThatSayTheyAreToBeIgnoredAre) {
    memory_region ignored = reserved(0x4000, 0x1000);
    ignored.attributes = 0;
    EXPECT_EQ(sanitise({usable(0, 0x10000), ignored}), (Regions{usable(0, 0x10000)}));
    ignored.attributes = 2;
    EXPECT_EQ(sanitise({usable(0, 0x10000), ignored}), (Regions{usable(0, 0x10000)}));
}

TEST(MemoryMap, UnknownTypesAreReserved) {
    EXPECT_EQ(sanitise({usable(0, 0x5000), of_type(0, 0x1000, 0x1000), of_type(7, 0x2000, 0x1000),
                        of_type(0xffffffff, 0x3000, 0x1000)}),
              (Regions{usable(0, 0x1000), reserved(0x1000, 0x3000), usable(0x4000, 0x1000)}));
}

TEST(MemoryMap, AReservedEntryThatWrapsReachesToTheTop) {
    EXPECT_EQ(sanitise({usable(0, 0x10000), reserved(0x8000, UINT64_MAX)}),
              (Regions{usable(0, 0x8000), reserved(0x8000, (1ull << BITS) - 0x8000)}));
}

TEST(MemoryMap, AUsableEntryThatWrapsIsALie) {
    EXPECT_EQ(sanitise({usable(0, 0x10000), usable(0x100000, UINT64_MAX)}),
              (Regions{usable(0, 0x10000)}));
}

TEST(MemoryMap, WhatTheCpuCannotAddressIsCutOff) { // S02
    EXPECT_EQ(sanitise({usable(0x1000, 1ull << 40)}, 36),
              (Regions{usable(0x1000, (1ull << 36) - 0x1000)}));
    EXPECT_EQ(sanitise({usable(0, 0x1000), usable(1ull << 36, 0x1000)}, 36),
              (Regions{usable(0, 0x1000)}));
}

TEST(MemoryMap, WhatTheDirectMapCannotShowIsCutOff) {
    EXPECT_EQ(sanitise({usable((1ull << 46) - 0x1000, 0x2000)}, 52),
              (Regions{usable((1ull << 46) - 0x1000, 0x1000)}));
}

TEST(MemoryMap, WithoutUsableMemoryIsRefused) {
    EXPECT_EQ(SanitisedMap({}, BITS).status, STATUS_NO_MEMORY);
    EXPECT_EQ(SanitisedMap({reserved(0, 0x100000)}, BITS).status, STATUS_NO_MEMORY);
    EXPECT_EQ(SanitisedMap({usable(0, 0x1000), reserved(0xfff, 1)}, BITS).status, STATUS_NO_MEMORY);
}

TEST(MemoryMap, ThatDoesNotFitIsRefusedWithoutWritingPastTheEnd) {
    Regions raw = {usable(0, 0x1000), reserved(0x1000, 0x1000), usable(0x2000, 0x1000)};
    Regions room(2);
    memory_map map = {room.data(), 0, room.size()};
    EXPECT_EQ(memory_map_sanitise(raw.data(), raw.size(), BITS, &map), STATUS_OUT_OF_RANGE);
    room.resize(3);
    map = {room.data(), 0, room.size()};
    EXPECT_EQ(memory_map_sanitise(raw.data(), raw.size(), BITS, &map), STATUS_OK);
}

TEST(MemoryMap, NamesItsTypes) {
    EXPECT_STREQ(memory_type_name(MEMORY_USABLE), "usable");
    EXPECT_STREQ(memory_type_name(MEMORY_RESERVED), "reserved");
    EXPECT_STREQ(memory_type_name(MEMORY_ACPI_RECLAIMABLE), "ACPI reclaimable");
    EXPECT_STREQ(memory_type_name(MEMORY_ACPI_NVS), "ACPI NVS");
    EXPECT_STREQ(memory_type_name(MEMORY_BAD), "bad");
    EXPECT_STREQ(memory_type_name(0), "unknown");
    EXPECT_STREQ(memory_type_name(6), "unknown");
}

TEST(MemoryMap, WhatTheCallersArrayHeldBeforeIsNoPartOfIt) {
    Regions raw = {usable(0x1000, 0x1000)};
    Regions array = {usable(0, 0x1000), reserved(0, 0x5000), usable(0x2000, 0x1000)};
    Regions before = array;
    memory_map map = {&array[1], 2, 2}; // an old one's count
    ASSERT_EQ(memory_map_sanitise(raw.data(), raw.size(), BITS, &map), STATUS_OK);
    EXPECT_EQ(map.count, 1u);
    EXPECT_EQ(array, (Regions{before[0], raw[0], before[2]}));
    EXPECT_EQ(memory_map_total(&map, MEMORY_USABLE), 0x1000u);
}
