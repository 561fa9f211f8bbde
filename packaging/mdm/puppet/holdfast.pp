# Holdfast on a node: declare the class with where it enrols, the token from an encrypted source (eyaml).
# holdfast.sh beside it is its fact, and goes to /etc/facter/facts.d.
class holdfast (
  Array[String] $packages = ['holdfast-agent', 'libpam-holdfast'],
  Optional[String] $console = undef,
  Optional[String] $ca_source = undef,
  Optional[Sensitive[String]] $token = undef,
) {
  package { $packages:
    ensure => installed,
  }

  service { 'holdfast':
    ensure  => running,
    enable  => true,
    require => Package[$packages],
  }

  if $console and $ca_source and $token {
    file { '/etc/holdfast/console-ca.pem':
      source  => $ca_source,
      mode    => '0644',
      require => Package[$packages],
    }

    # The agent takes the file and erases it: once it is enrolled nothing is to be put there.
    if $facts.dig('holdfast', 'Console') in [undef, 'no console'] {
      file { '/etc/holdfast/enroll.ini':
        mode      => '0600',
        show_diff => false,
        content   => Sensitive("[enrol]\nconsole = ${console}\nca-file = /etc/holdfast/console-ca.pem\ntoken = ${token.unwrap}\n"),
        require   => File['/etc/holdfast/console-ca.pem'],
      }
    }
  }
}
