#include "host_tests/machine/ram.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>

namespace machine {
namespace {

constexpr uint64_t GARBAGE_BYTES = 4 << 20;

/* A file of garbage, mapped copy-on-write all over the RAM: an untouched page costs nothing. */
int garbage_file() {
    static const int file = [] {
        int created = memfd_create("garbage", MFD_CLOEXEC);
        std::vector<uint64_t> words(GARBAGE_BYTES / sizeof(uint64_t));
        std::mt19937_64 random(0xa5a5a5a5);
        std::generate(words.begin(), words.end(), random);
        if (created < 0 || write(created, words.data(), GARBAGE_BYTES) != ssize_t{GARBAGE_BYTES}) {
            throw std::runtime_error("the pretend PC cannot make its garbage");
        }
        return created;
    }();
    return file;
}

void map_garbage(uint8_t *at, uint64_t size_bytes) {
    for (uint64_t done = 0; done < size_bytes; done += GARBAGE_BYTES) {
        uint64_t part = std::min(GARBAGE_BYTES, size_bytes - done);
        void *mapped = mmap(at + done, part, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, garbage_file(), 0);
        if (mapped == MAP_FAILED) {
            throw std::runtime_error("the pretend PC cannot map its RAM");
        }
    }
}

} // namespace

Ram::Ram(std::vector<Region> regions, bool identity) : regions_(std::move(regions)) {
    uint64_t first = UINT64_MAX;
    uint64_t end = 0;
    for (const Region &region : regions_) {
        first = std::min(first, region.base);
        end = std::max(end, region.base + region.size_bytes);
    }
    reservation_bytes_ = end - first;
    void *wanted = identity ? reinterpret_cast<void *>(first) : nullptr;
    int fixed = identity ? MAP_FIXED_NOREPLACE : 0;
    void *got = mmap(wanted, reservation_bytes_, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
    if (got == MAP_FAILED) {
        throw std::runtime_error("the pretend PC cannot reserve addresses for its RAM");
    }
    reservation_ = static_cast<uint8_t *>(got);
    offset_ = reinterpret_cast<uint64_t>(got) - first;
    for (const Region &region : regions_) {
        map_garbage(at(region.base), region.size_bytes);
    }
}

Ram::~Ram() {
    munmap(reservation_, reservation_bytes_);
}

bool Ram::contains(uint64_t pa) const {
    return std::any_of(regions_.begin(), regions_.end(), [pa](const Region &region) {
        return pa >= region.base && pa - region.base < region.size_bytes;
    });
}

std::optional<uint64_t> Ram::address_of(const void *pointer) const {
    uint64_t pa = reinterpret_cast<uint64_t>(pointer) - offset_;
    return contains(pa) ? std::optional(pa) : std::nullopt;
}

std::atomic_ref<uint64_t> Ram::word(uint64_t pa) const {
    return std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t *>(at(pa & ~uint64_t{7})));
}

uint64_t Ram::load(uint64_t pa) const {
    return contains(pa) ? word(pa).load() : UINT64_MAX;
}

void Ram::store(uint64_t pa, uint64_t value) {
    if (contains(pa)) {
        word(pa).store(value);
    }
}

bool Ram::set_bits(uint64_t pa, uint64_t expected, uint64_t bits) {
    return !contains(pa) || word(pa).compare_exchange_strong(expected, expected | bits);
}

uint64_t Ram::load_as(unsigned cpu, uint64_t pa) const {
    const uint64_t *seen = stores.in_place_of(cpu, pa);
    return seen ? *seen : load(pa);
}

/* What is stored in a word that another CPU holds back is lost when that one's store arrives. */
void Ram::store_as(unsigned cpu, uint64_t pa, uint64_t value) {
    if (uint64_t *seen = stores.in_place_of(cpu, pa)) {
        *seen = value;
        return;
    }
    store(pa, value);
}

bool Ram::set_bits_as(unsigned cpu, uint64_t pa, uint64_t expected, uint64_t bits) {
    uint64_t *seen = stores.in_place_of(cpu, pa);
    if (seen == nullptr) {
        return set_bits(pa, expected, bits);
    }
    bool is_expected = *seen == expected;
    *seen |= is_expected ? bits : 0;
    return is_expected;
}

} // namespace machine
