/* quirk.tbl.h - QUIRK(name, first major, first minor, last major, last minor, "what is different", "where it is said").
 * The last version still has it; 0, 0: it never went away. */
/* clang-format off */
QUIRK(NO_PLAIN, 16, 1, 0, 0, "the plain port is not open to the network any more",
      "Intel AMT guide, \"Intel AMT and Security Considerations\"; intel/lms")
/* clang-format on */
