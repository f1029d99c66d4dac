// Hostile archives: whatever the bytes, an import is refused or complete, and nothing appears outside of the store.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "node/images/import.h"
#include "node/posix.h"

namespace {
namespace fs = std::filesystem;
using namespace slipway::node;

// One scratch folder per process: a canary beside the store must stay as it is.
struct Ground {
  Ground() {
    char text[] = "/tmp/slipway-fuzz-XXXXXX";
    path = mkdtemp(text);
    SLIPWAY_CHECK(write_file(path + "/canary", "alive").has_value());
  }
  ~Ground() { (void)remove_tree(path); }
  std::string path;
};

void check_links_stay_inside(const std::string& root) {
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat s{};
    SLIPWAY_CHECK(lstat(entry.path().c_str(), &s) == 0);
    SLIPWAY_CHECK(S_ISREG(s.st_mode) || S_ISDIR(s.st_mode) || S_ISLNK(s.st_mode));
    SLIPWAY_CHECK((s.st_mode & (S_ISUID | S_ISGID)) == 0);
    if (S_ISLNK(s.st_mode)) SLIPWAY_CHECK(!fs::read_symlink(entry.path()).is_absolute());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Ground ground;
  const images::Store store(ground.path + "/images", false);
  const std::string archive = ground.path + "/in";
  SLIPWAY_CHECK(write_file(archive, {reinterpret_cast<const char*>(data), size}).has_value());
  const images::ImportOptions options{.limits = {.bytes = 1 << 20, .file_bytes = 1 << 20, .entries = 200}};
  const auto entry = images::import_image(store, archive, "fuzz:1", options);
  if (entry) check_links_stay_inside(store.resolve("fuzz:1")->root);
  (void)remove_tree(ground.path + "/images");
  std::size_t left = 0;
  for ([[maybe_unused]] const auto& e : fs::directory_iterator(ground.path)) ++left;
  SLIPWAY_CHECK(left == 2);  // the archive and the canary
  SLIPWAY_CHECK(read_file(ground.path + "/canary").value_or("") == "alive");
  return 0;
}
