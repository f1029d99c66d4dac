// The real kubectl, several versions of it, against the API server over TLS (suite.sh). Without one the test is
// skipped; the recorded requests (replay_test.cpp) are then what is left.
//
// SLIPWAY_RECORD=1 writes the requests of each version to recorded/kubectl-VERSION.jsonl.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>

#include "base/strings.h"
#include "recording.h"
#include "runtime/child.h"
#include "served_api.h"

namespace slipway::tests {
namespace {

const std::string kFolder = SLIPWAY_SOURCE_DIR "/tests/kubectl";

// $KUBECTL names the only one to test; otherwise these versions are, as far as they are installed.
std::vector<std::string> versions() {
  if (std::getenv("KUBECTL")) return {"own"};
  return {"1.27", "1.30", "1.33"};
}

std::string program_of(const std::string& version) {
  if (version == "own") return std::getenv("KUBECTL");
  for (const std::string& folder : {"/usr/lib/google-cloud-sdk/bin", "/usr/local/bin", "/usr/bin"}) {
    std::string path = std::string(folder) + "/kubectl." + version;
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kubectl-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Keeps what a client asks; repeated reads (discovery above all) once.
class Recorder {
 public:
  void add(const http::Request& request, int status) {
    std::lock_guard lock(mutex_);
    bool read = request.method == "GET" && request.target.find("watch=") == std::string::npos;
    bool repeated = read && last_write_ == reads_since_.second && !reads_since_.first.insert(request.target).second;
    if (!read) reads_since_ = {{}, ++last_write_};
    if (repeated) return;
    requests_.push_back({request.method, request.target, std::string(request.headers.get("Content-Type")),
                         std::string(request.headers.get("Accept")), request.body, status});
  }
  const std::vector<Recorded>& requests() const { return requests_; }

 private:
  std::mutex mutex_;
  std::vector<Recorded> requests_;
  std::uint64_t last_write_ = 0;
  std::pair<std::set<std::string>, std::uint64_t> reads_since_;
};

class Kubectl : public ::testing::TestWithParam<std::string> {};

TEST_P(Kubectl, DoesItsEverydayWork) {
  std::string program = program_of(GetParam());
  if (program.empty()) GTEST_SKIP() << "no kubectl " << GetParam() << " on this machine (set KUBECTL to name one)";
  Folder work;
  std::string kubeconfig = work.path() + "/kubeconfig";
  Recorder recorder;
  {
    ServedApi api(kubeconfig, [&](const http::Request& request, int status) { recorder.add(request, status); });
    runtime::ChildOptions options{
        .environment = {"KUBECTL=" + program, "KUBECONFIG=" + kubeconfig, "WORK=" + work.path()}};
    auto finished = runtime::run_program({"bash", kFolder + "/suite.sh"}, options);
    ASSERT_TRUE(finished.has_value()) << finished.error().message;
    int passed = 0;
    for (std::string_view line : base::split(finished->output, '\n')) {
      if (line.starts_with("ok - "))
        ++passed;
      else if (!line.empty())
        ADD_FAILURE() << line;
    }
    EXPECT_GT(passed, 100);
  }
  if (std::getenv("SLIPWAY_RECORD")) {
    ASSERT_TRUE(
        save_recording(kFolder + "/recorded/kubectl-" + GetParam() + ".jsonl", recorder.requests()).has_value());
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, Kubectl, ::testing::ValuesIn(versions()),
                         [](const auto& info) { return base::replace_all(info.param, ".", "_"); });

}  // namespace
}  // namespace slipway::tests
