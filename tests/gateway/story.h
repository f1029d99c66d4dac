// What main.cpp found out for the tests.
#pragma once

#include <string>

namespace slipway::tests {

// Why there is no network of our own; empty when there is.
std::string& network_problem();

}  // namespace slipway::tests
