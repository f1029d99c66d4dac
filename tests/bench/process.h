// What a running process costs, read from /proc; free ports and folders for the programs under measurement.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace slipway::bench {

double resident_mb(pid_t pid);
double cpu_seconds(pid_t pid);          // user and system, of all its threads
std::uint64_t context_switches(pid_t pid);  // of its main thread, voluntary ones

std::uint16_t free_port();

// A folder below `parent`, gone with the object.
class Folder {
 public:
  explicit Folder(const std::string& parent);
  ~Folder();
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace slipway::bench
