#include "host_tests/files/files_model.h"
#include "host_tests/models/model_run.h"

namespace {

class FilesModelTest : public FilesModel, public testing::WithParamInterface<unsigned> {
  protected:
    FilesModelTest() : FilesModel(Choices(model_seed())) {}
};

TEST_P(FilesModelTest, RandomOperationsDoWhatATreeOfMapsSays) {
    take_steps<FilesModel>(*this, 400);
}

INSTANTIATE_TEST_SUITE_P(Runs, FilesModelTest, testing::Values(1, 2, 3, 4));

} // namespace
