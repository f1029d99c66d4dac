// What tests of this module share: a scratch folder, and a real loop that is run until something is so.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/strings.h"
#include "node/posix.h"
#include "runtime/real/loop.h"

namespace slipway::node {

struct TempFolder {
  TempFolder() {
    char text[] = "/tmp/slipway-test-XXXXXX";
    path = mkdtemp(text);
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }
  ~TempFolder() { (void)remove_tree(path); }
  std::string path;
};

// Built beside the test program.
inline std::string shim_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "slipway-shim";
}

struct RealWorld {
  runtime::real::Loop loop;

  // Runs the loop until `done` holds. The limit only ends a test that would hang.
  void run_until(const std::function<bool()>& done) {
    const auto limit = mono_now() + base::seconds(60);
    while (!done()) {
      if (mono_now() > limit) throw std::runtime_error("what the test waits for did not happen");
      loop.poll();
      ::poll(nullptr, 0, 1);  // yields the processor; completions come in by the loop
    }
  }

  template <class T>
  base::Result<T> wait(std::function<void(std::move_only_function<void(base::Result<T>)>)> call) {
    auto answer = std::make_shared<std::optional<base::Result<T>>>();
    call([answer](base::Result<T> r) { *answer = std::move(r); });
    run_until([&] { return answer->has_value(); });
    return std::move(**answer);
  }
};

}  // namespace slipway::node
