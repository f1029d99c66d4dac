target_link_libraries(slipway_gateway PRIVATE PkgConfig::RE2 crypt)
