#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

/*
 * What a model does next is decided here: by a generator with a seed, for a test, or by the bytes
 * of a fuzzer, which come to an end.
 */
class Choices {
  public:
    explicit Choices(uint64_t seed) : random_(seed), is_random_(true) {}
    Choices(const uint8_t *bytes, size_t size) : bytes_(bytes, size) {}

    /* A number from 0 up to, and without, `limit`, which is at least 1; 0 when the bytes are out.
     */
    uint64_t below(uint64_t limit) {
        return (is_random_ ? random_() : next_number(limit)) % limit;
    }

    /* Whether one of `count` cases comes up. */
    bool one_in(uint64_t count) {
        return below(count) == 0;
    }

    template <typename T, size_t N> const T &of(const T (&choices)[N]) {
        return choices[below(N)];
    }

    bool have_ended() const {
        return !is_random_ && bytes_.empty();
    }

  private:
    /* As few bytes as the limit needs, so that an input says much. */
    uint64_t next_number(uint64_t limit) {
        uint64_t number = 0;
        for (uint64_t left = limit - 1; left > 0 && !bytes_.empty(); left >>= 8) {
            number = number << 8 | bytes_.front();
            bytes_ = bytes_.subspan(1);
        }
        return number;
    }

    std::mt19937_64 random_;
    std::span<const uint8_t> bytes_;
    bool is_random_ = false;
};
