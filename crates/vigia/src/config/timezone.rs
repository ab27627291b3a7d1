//! The zone in which most people of a country live, for dates of feeds that name no zone.

use chrono_tz::Tz;
use story::Iso2;

/// Countries and their most populous zones, in the IANA database's names.
const ZONES: &[(&str, Tz)] = &[
    ("AG", Tz::America__Antigua),
    ("AR", Tz::America__Argentina__Buenos_Aires),
    ("BB", Tz::America__Barbados),
    ("BO", Tz::America__La_Paz),
    ("BR", Tz::America__Sao_Paulo),
    ("BS", Tz::America__Nassau),
    ("BZ", Tz::America__Belize),
    ("CL", Tz::America__Santiago),
    ("CO", Tz::America__Bogota),
    ("CR", Tz::America__Costa_Rica),
    ("CU", Tz::America__Havana),
    ("DM", Tz::America__Dominica),
    ("DO", Tz::America__Santo_Domingo),
    ("EC", Tz::America__Guayaquil),
    ("ES", Tz::Europe__Madrid),
    ("GB", Tz::Europe__London),
    ("GD", Tz::America__Grenada),
    ("GF", Tz::America__Cayenne),
    ("GP", Tz::America__Guadeloupe),
    ("GT", Tz::America__Guatemala),
    ("GY", Tz::America__Guyana),
    ("HN", Tz::America__Tegucigalpa),
    ("HT", Tz::America__PortauPrince),
    ("JM", Tz::America__Jamaica),
    ("MQ", Tz::America__Martinique),
    ("MX", Tz::America__Mexico_City),
    ("NI", Tz::America__Managua),
    ("PA", Tz::America__Panama),
    ("PE", Tz::America__Lima),
    ("PR", Tz::America__Puerto_Rico),
    ("PT", Tz::Europe__Lisbon),
    ("PY", Tz::America__Asuncion),
    ("SR", Tz::America__Paramaribo),
    ("SV", Tz::America__El_Salvador),
    ("TT", Tz::America__Port_of_Spain),
    ("US", Tz::America__New_York),
    ("UY", Tz::America__Montevideo),
    ("VE", Tz::America__Caracas),
];

/// The most populous zone of `country`; UTC for one that is not in the list.
pub(crate) fn most_populous(country: Option<Iso2>) -> Tz {
    let zone = country.and_then(|country| ZONES.iter().find(|(iso2, _)| *iso2 == country.as_str()));
    zone.map_or(Tz::UTC, |(_, zone)| *zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_has_its_capital_of_clocks() {
        let zone = |iso2: &str| most_populous(iso2.parse().ok()).name();
        assert_eq!(zone("CO"), "America/Bogota");
        assert_eq!(zone("BR"), "America/Sao_Paulo");
        assert_eq!(zone("FR"), "UTC");
    }
}
