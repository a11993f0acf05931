#include "host_tests/machine/moments.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "host_tests/frame/frame_fixture.h"

/* Two CPUs in the allocator: the second one acts at every moment at which the first one is not in
 * a lock. */
class FrameMomentsTest : public FrameTest {
  protected:
    /* Runs `code` once for each such moment, `act` then, and `after` at the end. */
    void act_at_each_moment(const std::function<void()> &code, const std::function<void()> &act,
                            const std::function<void()> &after) {
        bool has_acted = true;
        for (uint64_t moment = 0; has_acted && !HasFailure(); moment++) {
            has_acted = false;
            uint64_t left = moment;
            machine::act_between_instructions(pc(), code, [&] {
                if (!has_acted && pc().preemption_depth() == 0 && left-- == 0) {
                    has_acted = true;
                    act();
                }
            });
            EXPECT_TRUE(has_acted || moment > 20) << "too few moments";
            if (!has_acted) {
                act();
            }
            after();
            EXPECT_FALSE(HasFailure()) << "at moment " << moment;
        }
    }
};

TEST_F(FrameMomentsTest, OfTwoWhoWantTheLastFrameOneGetsIt) {
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    phys_addr_t last = taken.back();
    taken.pop_back();
    frame_free(last);
    phys_addr_t pa;
    phys_addr_t other_pa;
    status result;
    status other_result;
    act_at_each_moment([&] { result = frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa); },
                       [&] { other_result = frame_alloc(FRAME_FILE, ZONE_NORMAL, &other_pa); },
                       [&] {
                           ASSERT_NE(result == STATUS_OK, other_result == STATUS_OK);
                           EXPECT_EQ((result == STATUS_OK ? pa : other_pa).value, last.value);
                           frame_free(last);
                       });
    free_all(taken);
}

TEST_F(FrameMomentsTest, AFrameThatIsBeingHandedOutIsNotJoinedWithItsBuddy) { // F4
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    phys_addr_t frame = taken.back();
    phys_addr_t buddy = phys_addr(frame.value ^ PAGE_SIZE);
    frame_free(frame);
    phys_addr_t pa;
    act_at_each_moment([&] { (void)frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa); },
                       [&] { frame_free(buddy); },
                       [&] {
                           EXPECT_EQ(free_count(), 0x9fu + 1);
                           EXPECT_EQ(audit_free_blocks(), "");
                           phys_addr_t again = alloc();
                           EXPECT_EQ(pa.value ^ again.value, PAGE_SIZE);
                           frame_free(frame);
                       });
    frame_free(buddy);
    std::erase_if(taken, [&](phys_addr_t each) {
        return each.value == frame.value || each.value == buddy.value;
    });
    free_all(taken);
}
