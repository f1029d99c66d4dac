#include "gateway/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/strings.h"

namespace slipway::gateway {

base::Result<void> write_file(const std::string& path, const std::string& text, int mode) {
  std::string fresh = path + ".new";
  auto give_up = [&](const char* what) {
    std::string why = std::string("cannot ") + what + " " + path + ": " + std::strerror(errno);
    unlink(fresh.c_str());
    return base::fail(base::Code::Unavailable, why);
  };
  int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return give_up("create");
  std::size_t done = 0;
  while (done < text.size()) {
    ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      close(fd);
      return give_up("write");
    }
    done += static_cast<std::size_t>(n);
  }
  close(fd);
  if (rename(fresh.c_str(), path.c_str()) != 0) return give_up("replace");
  return {};
}

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin:/usr/local/sbin";
  for (std::string_view folder : base::split(folders, ':')) {
    std::string full = std::string(folder) + "/" + name;
    if (!folder.empty() && access(full.c_str(), X_OK) == 0) return full;
  }
  return std::nullopt;
}

base::Result<std::string> require_program(const std::string& name, const std::string& title,
                                          const std::string& package) {
  if (auto found = find_program(name)) return *found;
  return base::fail(base::Code::Unavailable,
                    title + " is not installed (" + name + " was not found): install the Debian package " + package);
}

}  // namespace slipway::gateway
