// Requests of a real client, kept in a file: one JSON object a line, so that a change shows in a diff.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace slipway::tests {

struct Recorded {
  std::string method;
  std::string target;
  std::string content_type;
  std::string accept;
  std::string body;  // any bytes; base64 in the file when they are no text
  int status = 0;    // what our server answered then
};

base::Result<std::vector<Recorded>> load_recording(const std::string& path);
base::Result<void> save_recording(const std::string& path, const std::vector<Recorded>& requests);

}  // namespace slipway::tests
