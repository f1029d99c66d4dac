// The lines that need a real server process: start, memory, writes, lists, watches.
#pragma once

#include <string>

#include "line.h"

namespace slipway::bench {

struct Place {
  std::string program;  // slipway
  std::string folder;   // on the disk that is to be measured
  int seconds = 5;      // per measurement of a rate
};

void add_start_lines(Lines& lines, const Place& place);
void add_write_lines(Lines& lines, const Place& place);
void add_list_and_watch_lines(Lines& lines, const Place& place);

}  // namespace slipway::bench
