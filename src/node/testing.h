// What tests of this module share: a scratch folder, and a real loop that is run until something is so.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <optional>
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
inline std::string shim_program() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "slipway-shim"; }

struct RealWorld {
  runtime::real::Loop loop;

  // Runs the loop until `done` holds, asked every millisecond. The limit only ends a test that would hang.
  void run_until(std::function<bool()> done) {
    bool late = false;
    const auto limit = loop.after(base::seconds(60), [&] {
      late = true;
      loop.stop();
    });
    runtime::Timer next;
    std::function<void()> look = [&] {
      if (done()) return loop.stop();
      next = loop.after(base::milliseconds(1), look);
    };
    loop.post(look);
    loop.run();
    ASSERT_FALSE(late) << "what the test waits for did not happen";
  }

  template <class T>
  base::Result<T> wait(std::function<void(std::move_only_function<void(base::Result<T>)>)> call) {
    std::optional<base::Result<T>> answer;
    call([&](base::Result<T> r) {
      answer = std::move(r);
      loop.stop();
    });
    while (!answer) loop.run();
    return std::move(*answer);
  }
};

}  // namespace slipway::node
