#include "host_tests/audit/audit_test.h"
#include "mm/object/memory_object.h"

/* What the audit says of areas that show pages of an object. */

namespace {

constexpr uint64_t SHARED = VA + 0x10000;
constexpr uint64_t PRIVATE = VA + 0x20000;

class ObjectAuditTest : public AuditTest {
  protected:
    void SetUp() override {
        AuditTest::SetUp();
        ASSERT_EQ(area_source_create_anonymous(2 * PAGE_SIZE, &source), STATUS_OK);
        show(SHARED, true);
        show(PRIVATE, false);
        ASSERT_EQ(populate(space, SHARED, 2), STATUS_OK);
        ASSERT_EQ(space_resolve_fault(space, virt_addr(PRIVATE), ACCESS_READ), STATUS_OK);
        ASSERT_EQ(space_resolve_fault(space, virt_addr(PRIVATE + PAGE_SIZE), ACCESS_WRITE),
                  STATUS_OK);
        area_source_unref(source);
    }

    void show(uint64_t va, bool is_shared) {
        const space_mapping mapping = {
            .rights = READ_WRITE, .source = source, .is_shared = is_shared, .name = "object"};
        locked_range token;
        space_lock_for_writing(space, space_user_range(), &token);
        EXPECT_EQ(space_map(&token, virt_range(virt_addr(va), 2), &mapping), STATUS_OK);
        space_unlock(&token);
    }

    area_source *source = nullptr;
};

TEST_F(ObjectAuditTest, NothingIsAmiss) {
    expect_sound();
}

TEST_F(ObjectAuditTest, V3APageThatIsAnotherOfTheObjectIsFound) {
    Corruption broken(entry(space, SHARED), entry(space, SHARED + PAGE_SIZE));
    expect_findings({"F2", "V3"}, "not page 0 of object");
}

TEST_F(ObjectAuditTest, V3APageThatTheObjectNoLongerHasIsFound) {
    vm_area &area = area_at(space, PRIVATE);
    Corruption broken(area.source_page, 7);
    expect_findings({"F2", "V3"}, "not page 7 of object");
}

TEST_F(ObjectAuditTest, S2AnObjectsPageThatIsWritableInPrivateIsFound) {
    Corruption broken(entry(space, PRIVATE), entry(space, PRIVATE) | 2);
    expect_findings({"S2"}, "is writable, and private in object");
}

TEST_F(ObjectAuditTest, F2AnAnonymousPageInSharedMemoryIsFound) {
    Corruption broken(area_at(space, PRIVATE).is_shared, true);
    expect_findings({"F2"}, "which is anonymous, not file");
}

TEST_F(ObjectAuditTest, F2AnObjectsPageInAnonymousMemoryIsFound) {
    vm_area &area = area_at(space, SHARED);
    Corruption kind(area.kind, AREA_ANON);
    Corruption shared(area.is_shared, false);
    expect_findings({"F2"}, "which is file, not anonymous");
}

TEST_F(ObjectAuditTest, F2AMapCountOfAnObjectsFrameThatIsWrongIsFound) {
    Corruption broken(frame_at(space, SHARED).map_count, 5);
    expect_findings({"F2"}, "2 entries reach it, its count says 5");
}

} // namespace
