"""Where the method ends: few pairs, misregistered pairs, unseen materials, poor scans."""
